package tripline.bench;

import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.Stores;

/** Runs the rule exactly once until its standard input ends: `Contestant BROKERS PREFIX THREADS STATE_DIR`. */
public final class Contestant {
    private Contestant() {}

    public static void main(String[] args) throws Exception {
        String prefix = args[1];
        Topology topology = new Topology();
        topology.addSource("events", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), prefix + ".events");
        topology.addProcessor("threshold", () -> new Threshold("seen"), "events");
        // Cached: many changes of a key are one record of the changelog.
        topology.addStateStore(
            Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(Threshold.STORE), Serdes.String(), Window.serde())
                .withCachingEnabled(),
            "threshold");
        topology.addSink("commands", prefix + ".run-commands", Serdes.String().serializer(), Serdes.ByteArray().serializer(),
            "threshold");

        KafkaStreams streams = new KafkaStreams(topology, settings(args));
        CountDownLatch running = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) running.countDown();
        });
        streams.setUncaughtExceptionHandler(fault -> {
            fault.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
        });
        streams.start();
        running.await();
        System.out.println("ready");
        while (System.in.read() >= 0) continue;
        streams.close();
    }

    private static Properties settings(String[] args) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1] + ".streams");
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[2]);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, args[3]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 * 1024 * 1024);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5_000);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 128 * 1024);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 100);
        // The events' own time lies ahead of the clock, which a broker refuses to write into a topic of producers' time.
        properties.put(StreamsConfig.topicPrefix("message.timestamp.type"), "LogAppendTime");
        return properties;
    }
}
