import { Button } from "@mantine/core";
import { useState } from "react";
import { copy } from "../keys";

/** A text to be taken along. */
export function Snippet({ text, label }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  const run = () => {
    void copy(text).then((ok) => {
      setDone(ok);
      setTimeout(() => setDone(false), 2000);
    });
  };
  return (
    <div className="snippet">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>{text}</pre>
      <Button
        size="compact-sm"
        variant="default"
        onClick={run}
        aria-label={label && (done ? "Copied" : `Copy ${label}`)}
      >
        {done ? "Copied" : "Copy"}
      </Button>
    </div>
  );
}
