/**
 * What people may ask: one statement that only looks, at our tables and nowhere else. The engine's own read-only mode
 * stands behind this; what it lets through (the function `file`, INTO OUTFILE, several statements) is stopped here.
 * Where the engine might read a text otherwise than we do, it is refused.
 */

const BEGINNINGS = new Set(["select", "with", "show", "describe", "desc", "explain", "exists"]);

/** Table functions that make their rows themselves or read our own tables. */
export const HARMLESS: ReadonlySet<string> = new Set(
  `dictionary format fuzzJSON fuzzQuery generateRandom generateSeries generate_series loop merge
  mergeTreeAnalyzeIndexes mergeTreeAnalyzeIndexesUUID mergeTreeIndex mergeTreeProjection mergeTreeTextIndex null numbers
  numbers_mt primes SQLStandardValues timeSeriesData timeSeriesMetrics timeSeriesSamples timeSeriesSelector
  timeSeriesTags values view viewExplain viewIfPermitted zeros zeros_mt prometheusQuery prometheusQueryRange`
    .toLowerCase()
    .split(/\s+/),
);

/** Functions that reach files, other hosts or programs. A test holds them and HARMLESS against the engine's own list. */
export const REACHING: ReadonlySet<string> = new Set(
  `arrowFlight arrowstream azureBlobStorage azureBlobStorageCluster catboostEvaluate cluster clusterAllReplicas cosn
  deltaLake deltaLakeAzure deltaLakeAzureCluster deltaLakeCluster deltaLakeLocal deltaLakeS3 deltaLakeS3Cluster eval
  executable file fileCluster filesystem gcs hasColumnInTable hdfs hdfsCluster hive hudi hudiCluster iceberg
  icebergAzure icebergAzureCluster icebergCluster icebergHDFS icebergHDFSCluster icebergLocal icebergLocalCluster
  icebergS3 icebergS3Cluster input jdbc mongodb mysql odbc oss paimon paimonAzure paimonAzureCluster paimonCluster
  paimonHDFS paimonHDFSCluster paimonLocal paimonS3 paimonS3Cluster postgresql python redis remote remoteSecure s3
  s3Cluster sqlite url urlCluster ytsaurus`
    .toLowerCase()
    .split(/\s+/),
);

/** A piece of a statement: a word (`bare`, or in quotes that name something), a text, or a sign. */
interface Token {
  readonly kind: "bare" | "named" | "text" | "sign" | "strange";
  readonly text: string;
}

const PIECE =
  /(?<skip>[ \t\r\n\f\v]+|--[^\n]*|#[ !][^\n]*|\/\*[\s\S]*?\*\/)|(?<text>'(?:[^'\\]|\\[\s\S]|'')*')|(?<named>`(?:[^`\\]|``)*`|"(?:[^"\\]|"")*")|(?<bare>[A-Za-z_]\w*)|(?!\/\*)(?<sign>[0-9(),.;:?+\-*/%<>=!|&^~[\]{}@])|(?<strange>[\s\S])/gy;

/** Why this may not be asked, in a sentence; null when it may. */
export function whyRefused(sql: string): string | null {
  const tokens = tokensOf(sql);
  const strange = tokens.find((token) => token.kind === "strange");
  if (strange !== undefined) {
    return `cannot read this from ${JSON.stringify(strange.text)} on: a quote or comment that does not end, or a character that only quotes may hold`;
  }
  const first = tokens.find((token) => token.text !== "(");
  if (first === undefined || first.text === ";") return "there is no statement";
  if (first.kind !== "bare" || !BEGINNINGS.has(first.text.toLowerCase())) {
    return "only SELECT, WITH, SHOW, DESCRIBE, EXPLAIN and EXISTS: history is read-only";
  }
  const end = tokens.findIndex((token) => token.text === ";");
  if (end >= 0 && tokens.slice(end).some((token) => token.text !== ";")) return "one statement at a time";
  if (tokens.some((token) => token.kind === "bare" && token.text.toLowerCase() === "into")) {
    return "INTO is not allowed: history is read-only";
  }
  const reaching = tokens.find((token, i) => isReaching(token) && tokens[i + 1]?.text === "(");
  return reaching === undefined
    ? null
    : `the function ${reaching.text} is not allowed: it reaches out of history`;
}

const isReaching = ({ kind, text }: Token): boolean =>
  (kind === "bare" || kind === "named") && REACHING.has(text.toLowerCase());

function tokensOf(sql: string): readonly Token[] {
  return [...sql.matchAll(PIECE)].flatMap(({ groups = {} }): Token[] => {
    if (groups["skip"] !== undefined) return [];
    if (groups["text"] !== undefined) return [{ kind: "text", text: groups["text"] }];
    if (groups["named"] !== undefined) return [{ kind: "named", text: groups["named"].slice(1, -1) }];
    if (groups["bare"] !== undefined) return [{ kind: "bare", text: groups["bare"] }];
    if (groups["sign"] !== undefined) return [{ kind: "sign", text: groups["sign"] }];
    return [{ kind: "strange", text: groups["strange"] ?? "" }];
  });
}
