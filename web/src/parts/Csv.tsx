import { Button } from "@mantine/core";
import { save } from "../keys";

interface Props {
  /** The file's name. */
  name: string;
  /** Makes the text, when it is asked for. */
  text: () => string;
  /** There is nothing to take along. */
  empty?: boolean;
}

/** Takes a table along as CSV. */
export function Csv({ name, text, empty = false }: Props) {
  return (
    <Button
      size="compact-xs"
      variant="default"
      className="csv"
      disabled={empty}
      onClick={() => save(name, "text/csv", text())}
    >
      CSV
    </Button>
  );
}
