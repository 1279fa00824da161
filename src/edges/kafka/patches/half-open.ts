/**
 * Gives up a connection whose first question was not answered. kafkajs takes a broker for connected from then on, though it
 * has not heard which requests it knows: every request fails with "Broker not connected", by which kafkajs means an error of
 * ours that no second try mends. A broker that has just been started answers late as a rule.
 */

/** kafkajs' broker, as far as it is used here. */
interface Connecting {
  connect: (this: Connecting) => Promise<void>;
  disconnect(): Promise<void>;
}

export function mendHalfOpen(prototype: Connecting): void {
  const connect = prototype.connect;
  prototype.connect = async function (this: Connecting): Promise<void> {
    try {
      await connect.call(this);
    } catch (fault) {
      // Who has only waited for the turn of another does not end what that one is about.
      const isOther = fault instanceof Error && fault.name === "KafkaJSLockTimeout";
      if (!isOther) await this.disconnect();
      throw fault;
    }
  };
}
