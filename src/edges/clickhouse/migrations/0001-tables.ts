/** The first tables of history: what happened, what fired, what was to run, how it ran, and what could not be read. */

/** Where a row stood in the log: with it, a count against the log is exact. */
const PLACE = `
  topic LowCardinality(String) COMMENT 'The topic it stood in.',
  partition UInt32 COMMENT 'The partition it stood in.',
  offset UInt64 COMMENT 'Its offset there.' CODEC(Delta, ZSTD),
  received DateTime64(6, 'UTC') COMMENT 'The record timestamp: when the broker took it.' CODEC(Delta, ZSTD)`;

/**
 * The offset to go on from is asked at every start: kept ready in each part, written and merged with it.
 * Rows are in parts of one day of \`received\`, and whole parts are dropped when their time is over. The window of
 * deduplication is what makes a token count at all (0, off, by default).
 */
const table = (name: string, order: string, columns: string): string => `
CREATE TABLE IF NOT EXISTS {database}.${name} (${PLACE},${columns},
  PROJECTION places (SELECT topic, partition, max(offset), count() GROUP BY topic, partition)
)
ENGINE = MergeTree
PARTITION BY toDate(received)
ORDER BY (${order})
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1`;

const events = table(
  "events",
  "event, toStartOfHour(occurred), resource_id, occurred",
  `
  id String COMMENT 'The sender''s id. Sent twice, it stands here twice, at two offsets: LIMIT 1 BY id where that matters.',
  event LowCardinality(String) COMMENT 'What happened, by name.',
  occurred DateTime64(6, 'UTC') COMMENT 'When, by the sender''s clock.' CODEC(Delta, ZSTD),
  labels Map(LowCardinality(String), String) COMMENT 'Labels of the resource it is about.',
  resource_id String MATERIALIZED labels['prefect.resource.id'],
  label_items Array(String) ALIAS arrayMap((name, value) -> concat(name, '=', value), mapKeys(labels), mapValues(labels))
    COMMENT 'Labels as name=value, for has(label_items, ''env=prod'').',
  related Array(Map(LowCardinality(String), String)) COMMENT 'Labels of what else was involved.',
  related_ids Array(String) MATERIALIZED arrayMap(labels -> labels['prefect.resource.id'], related),
  payload JSON(max_dynamic_paths = 64) COMMENT 'For questions: payload.disk.free. Nulls are left out, dots in names nest.',
  payload_text String COMMENT 'The payload word for word, as JSON text.' CODEC(ZSTD(3)),
  follows Nullable(String) COMMENT 'The event known to have happened before.',
  causes Array(String) COMMENT 'Automations that led to it.',
  INDEX by_id id TYPE bloom_filter GRANULARITY 4,
  INDEX by_occurred occurred TYPE minmax GRANULARITY 1,
  INDEX by_label arrayMap((name, value) -> concat(name, '=', value), mapKeys(labels), mapValues(labels)) TYPE bloom_filter GRANULARITY 4,
  INDEX by_resource resource_id TYPE bloom_filter GRANULARITY 4,
  INDEX by_related related_ids TYPE bloom_filter GRANULARITY 4`,
);

const firings = table(
  "firings",
  "automation_id, triggered",
  `
  id String,
  automation_id String,
  trigger_id String,
  revision UInt64 COMMENT 'The revision of the automation that decided.',
  state LowCardinality(String) COMMENT 'Triggered or Resolved.',
  at DateTime64(6, 'UTC') COMMENT 'Event time.',
  triggered DateTime64(6, 'UTC') COMMENT 'When it was decided, by the watermark or the timer.',
  cause LowCardinality(String) COMMENT 'event or timer.',
  event_id Nullable(String) COMMENT 'The paying event; for absence the last one seen.',
  event LowCardinality(String) COMMENT 'Its name; empty without an event.',
  resource_id String COMMENT 'Its resource; empty without an event.',
  labels Map(LowCardinality(String), String) COMMENT 'The for_each labels and their values.',
  window_start Nullable(DateTime64(6, 'UTC')),
  window_end Nullable(DateTime64(6, 'UTC')),
  paid_by Array(String) COMMENT 'Ids of the events that paid for it, oldest first.',
  value Nullable(Float64) COMMENT 'A metric''s value.',
  causes String COMMENT 'Automations that led to it, as JSON text.' CODEC(ZSTD(3)),
  children String COMMENT 'The firings it is made of, as JSON text.' CODEC(ZSTD(3)),
  INDEX by_id id TYPE bloom_filter GRANULARITY 4,
  INDEX by_triggered triggered TYPE minmax GRANULARITY 1`,
);

const runs = table(
  "runs",
  "deployment_id, occurred, run_id",
  `
  id String COMMENT 'Of this event in the life of the run.',
  run_id String,
  kind LowCardinality(String) COMMENT 'scheduled, due, cancelled, dispatched, refused, started or finished.',
  occurred DateTime64(6, 'UTC') CODEC(Delta, ZSTD),
  automation_id String,
  deployment_id String,
  firing_id String,
  due Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was to run; as scheduled, the record timestamp and schedule_after.',
  command String COMMENT 'As scheduled, what was to be run, as JSON text; else empty.' CODEC(ZSTD(3)),
  detail String COMMENT 'What else there is to say, as JSON text.' CODEC(ZSTD(3)),
  INDEX by_run run_id TYPE bloom_filter GRANULARITY 4,
  INDEX by_occurred occurred TYPE minmax GRANULARITY 1`,
);

/** The commands that runs began with, out of the run events that say so: the scheduling topic forgets what has run. */
const runCommands = `
CREATE VIEW IF NOT EXISTS {database}.run_commands AS
SELECT
  run_id,
  automation_id,
  JSONExtractString(command, 'automation_name') AS automation_name,
  JSONExtractString(command, 'trigger_id') AS trigger_id,
  firing_id,
  JSONExtractUInt(command, 'action_index') AS action_index,
  deployment_id,
  JSONExtract(command, 'deployment_name', 'Nullable(String)') AS deployment_name,
  JSONExtractRaw(command, 'parameters') AS parameters,
  nullIf(JSONExtractRaw(command, 'job_variables'), 'null') AS job_variables,
  occurred AS triggered,
  JSONExtractFloat(command, 'schedule_after_seconds') AS schedule_after_seconds,
  due,
  JSONExtractString(command, 'target') AS target,
  JSONExtract(command, 'event_id', 'Nullable(String)') AS event_id,
  JSONExtract(command, 'event', 'Nullable(String)') AS event,
  JSONExtract(command, 'resource_id', 'Nullable(String)') AS resource_id,
  JSONExtract(command, 'causes', 'Array(String)') AS causes,
  received
FROM {database}.runs
WHERE kind = 'scheduled'`;

const rejected = table(
  "rejected",
  "received, rejected_topic",
  `
  rejected_topic LowCardinality(String) COMMENT 'Where the record stood that could not be read.',
  rejected_partition UInt32,
  rejected_offset UInt64,
  at DateTime64(6, 'UTC') COMMENT 'That record''s own timestamp.',
  key Nullable(String),
  reason String CODEC(ZSTD(3)),
  value Nullable(String) COMMENT 'What it said, as far as it is text.' CODEC(ZSTD(3))`,
);

export const tables = {
  number: 1,
  name: "tables",
  statements: [events, firings, runs, runCommands, rejected],
} as const;
