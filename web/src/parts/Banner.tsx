import { bannerOf, type InventoryAnswer } from "../inventory";
import { Go } from "./Go";
import { Shape } from "./Mark";

/** On every page while the inventory's files are not what runs. */
export function Banner({ answer, now }: { answer: InventoryAnswer | undefined; now: Date }) {
  const text = bannerOf(answer, now);
  if (!text) return null;
  return (
    <div className="banner is-degraded" role="alert" data-testid="banner">
      <Shape state="degraded" />
      <p>{text}</p>
      <Go view="inventory" className="link">
        All problems
      </Go>
    </div>
  );
}
