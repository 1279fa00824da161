/**
 * Provides a Kafka broker as jars, for the tests where no Docker answers: `npx node scripts/provide-kafka.ts`.
 * Maven fetches them once (about 43 MB) into .cache/kafka/; needs Java 17 or later and Maven.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const VERSION = "4.1.0";
const root = join(import.meta.dirname, "..");

/** Where the jars stand, fetched first if they are not there yet. */
export async function provideKafka(): Promise<string> {
  const home = join(root, ".cache", "kafka", VERSION);
  if (existsSync(home)) return home;

  // Whole or not at all: fetched beside, then renamed, so that two runs at once do no harm.
  const beside = `${home}.${process.pid}`;
  mkdirSync(beside, { recursive: true });
  const pom = join(beside, "pom.xml");
  writeFileSync(pom, project());
  try {
    const goal = "dependency:copy-dependencies";
    await promisify(execFile)("mvn", ["-q", "-B", "-f", pom, goal, `-DoutputDirectory=${beside}`]);
    renameSync(beside, home);
  } catch (fault) {
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(home)) throw fault;
  }
  return home;
}

function project(): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tripline</groupId><artifactId>test-broker</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
  </dependencies>
</project>
`;
}

if (import.meta.main) console.log(await provideKafka());
