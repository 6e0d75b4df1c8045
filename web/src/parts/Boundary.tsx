import { Component, type ReactNode } from "react";

interface Props {
  children: ReactNode;
}

/** Keeps the frame when a page cannot be loaded, as after an update of the server. */
export class Boundary extends Component<Props, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="problem" role="alert">
        <h1>This page could not be shown</h1>
        Felt may have been updated meanwhile. <a href={window.location.href}>Load it again</a>
      </div>
    );
  }
}
