/** The shape of a topology file, before it is looked at whether its parts fit. */
import { z } from "zod";

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, "expected a name in lower case, words joined by dashes");
const names = z.union([name, z.array(name)]);

const topic = z
  .strictObject({
    schema: z.string().describe("What its records are: schemas/<schema>.avsc."),
    key: z.string().describe("What it is partitioned by, in a word."),
    partitions: z.int().min(1).max(1000).describe("How many partitions it has; chosen once."),
    keep: z
      .string()
      .regex(/^(latest|[1-9]\d*(m|h|d))$/, "expected latest, or a time such as 90m, 12h or 7d")
      .describe(
        "`latest` keeps the newest record of each key; a time (90m, 12h, 7d) keeps everything for so long.",
      ),
    internal: z.boolean().default(false).describe("Written and read by Tripline alone."),
    format: z
      .enum(["json", "avro"])
      .optional()
      .describe("How its records are written: Avro where internal, else JSON."),
  })
  .describe("A topic, and what it carries.");

const step = z
  .strictObject({
    from: names.describe("What it reads: topics, or steps of the same role."),
    rekey: z.string().optional().describe("By what inputs are keyed from here on."),
    via: name.optional().describe("The topic by which inputs travel whose key lives in another task."),
    store: name.optional().describe("Where its state is kept."),
    table: names.default([]).describe("Topics it holds whole."),
    to: names.default([]).describe("Topics it writes to."),
    edge: name.optional().describe("The edge that does the work."),
  })
  .describe("A step: one processor at work, called by its name.");

const role = z
  .object({
    about: z.string().default("").describe("What the role is for, in a sentence."),
    changelog: name.optional().describe("The topic that notes every change of its stores."),
  })
  .catchall(step)
  .describe("A role: one consumer group. Apart from `about` and `changelog` it holds steps.");

/** A topology file. */
export const fileShape = z.strictObject({
  name: name.describe("What the topology is called."),
  about: z.string().default("").describe("What it is for, in a sentence."),
  topics: z.record(name, topic).describe("The topics, by name."),
  roles: z.record(name, role).describe("The roles, by name."),
});

export type File = z.infer<typeof fileShape>;
export type FileTopic = File["topics"][string];
export type FileStep = z.infer<typeof step>;
