import { Drawer, Modal } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  title: ReactNode;
  opened: boolean;
  onClose: () => void;
  /** True: a panel at the right side instead of a box in the middle. */
  side?: boolean;
  size?: string;
  children: ReactNode;
}

/** What lies over the page; Esc closes it. (Mantine's own head would be a second banner.) */
export function Dialog({ title, opened, onClose, side = false, size, children }: Props) {
  if (side)
    return (
      <Drawer.Root opened={opened} onClose={onClose} position="right" size={size}>
        <Drawer.Overlay backgroundOpacity={0.25} />
        <Drawer.Content>
          <div className="dialog-head">
            <Drawer.Title>{title}</Drawer.Title>
            <Drawer.CloseButton aria-label="Close" />
          </div>
          <Drawer.Body>{children}</Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
    );
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered>
      <Modal.Overlay backgroundOpacity={0.35} />
      <Modal.Content>
        <div className="dialog-head">
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
