/** What a topology is made of, once it has been checked. */

export interface Topology {
  readonly name: string;
  readonly about: string;
  readonly topics: Readonly<Record<string, Topic>>;
  readonly roles: Readonly<Record<string, Role>>;
}

export interface Topic {
  readonly name: string;
  /** What its records are: a schema of schemas/. */
  readonly schema: string;
  /** What it is partitioned by, in a word. */
  readonly key: string;
  readonly partitions: number;
  /** `latest` keeps the newest record of each key; a time, everything for so long. */
  readonly keep: "latest" | { readonly ms: number };
  /** Written and read by Tripline alone. */
  readonly internal: boolean;
  readonly format: "json" | "avro";
}

/** One consumer group; a process runs one role or several. */
export interface Role {
  readonly name: string;
  readonly about: string;
  /** The topic that notes every change of its stores. */
  readonly changelog: string | null;
  /** Each after the steps it reads from. */
  readonly steps: readonly Step[];
}

/** One processor at work. */
export interface Step {
  /** The name of its processor. */
  readonly name: string;
  /** Topics, and steps of the same role. */
  readonly from: readonly string[];
  /** By what inputs are keyed from here on, where that differs from the steps before. */
  readonly rekey: string | null;
  /** The topic by which inputs travel whose key lives in another task. */
  readonly via: string | null;
  readonly store: string | null;
  /** Topics held whole. */
  readonly tables: readonly string[];
  /** Topics it writes to. */
  readonly to: readonly string[];
  /** The edge that does the work, where it is not decided but done. */
  readonly edge: string | null;
}

/** What a topology may name, and what it must fit. */
export interface Known {
  readonly processors: Readonly<Record<string, KnownProcessor>>;
  /** The names of all schemas. */
  readonly schemas: readonly string[];
}

export interface KnownProcessor {
  /** The kinds of record it takes, by schema. */
  readonly reads: readonly string[];
  /** The kinds of record it emits, by schema. */
  readonly sends: readonly string[];
  readonly keepsState: boolean;
}
