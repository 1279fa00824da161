/**
 * Looks for a coordinator again. Where no broker has said which one it is, because it was just going or coming, kafkajs
 * takes that for an error that no second try mends, and a member never comes back to its group.
 */

/** kafkajs' cluster, as far as it is used here. */
interface Finding {
  findGroupCoordinatorMetadata: (this: Finding, asked: unknown) => Promise<unknown>;
}

export function mendCoordinator(prototype: Finding): void {
  const find = prototype.findGroupCoordinatorMetadata;
  prototype.findGroupCoordinatorMetadata = async function (this: Finding, asked: unknown): Promise<unknown> {
    try {
      return await find.call(this, asked);
    } catch (fault) {
      const isNotFound = fault instanceof Error && fault.name === "KafkaJSGroupCoordinatorNotFound";
      if (isNotFound) Reflect.set(fault, "retriable", true);
      throw fault;
    }
  };
}
