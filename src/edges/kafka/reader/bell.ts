/** Something to wait for: one waits, any number of others ring. A ring that nobody waited for is kept for the next. */
export class Bell {
  #rung = false;
  #answer: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#answer?.();
  }

  /** Until somebody rings, or `waitMs` have passed. */
  async wait(waitMs: number): Promise<void> {
    if (!this.#rung) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#answer = resolve;
        timer = setTimeout(resolve, waitMs);
      });
      clearTimeout(timer);
      this.#answer = null;
    }
    this.#rung = false;
  }
}
