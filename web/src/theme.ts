import { createTheme, defaultVariantColorsResolver } from "@mantine/core";

const system =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';

/** Mantine in the page's colours: the system's fonts, one calm accent. */
export const theme = createTheme({
  fontFamily: system,
  headings: { fontFamily: system, fontWeight: "650" },
  // The one loud button is the text's colour, so that red stays for what is failing.
  variantColorResolver: (input) =>
    input.variant === "filled"
      ? { background: "var(--text)", hover: "var(--muted)", color: "var(--card)", border: "none" }
      : defaultVariantColorsResolver(input),
  defaultRadius: 6,
  // Mantine asks the resolver only for variants that are named.
  components: { Button: { defaultProps: { variant: "filled" } } },
  cursorType: "pointer",
  respectReducedMotion: true,
});
