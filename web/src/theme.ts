import { createTheme } from "@mantine/core";

const system =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';

/** Mantine in the page's colours: the system's fonts, one calm accent. */
export const theme = createTheme({
  fontFamily: system,
  headings: { fontFamily: system, fontWeight: "650" },
  primaryColor: "dark",
  primaryShade: { light: 7, dark: 0 },
  autoContrast: true,
  defaultRadius: 6,
  cursorType: "pointer",
});
