DELETE FROM link_rows
