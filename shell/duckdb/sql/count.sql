SELECT count(*) FROM interactions WHERE {{filter}}
