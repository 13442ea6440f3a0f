package credbridge.peer;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The join of credbridge as a Kafka Streams program.
 *
 * <p>Both inputs are keyed by device, so that no repartition topic is needed: one sub-topology, one store, one
 * processor. Arguments are written {@code name=value}; {@code store} is {@code memory} or {@code rocksdb}.
 */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> values = new HashMap<>();
        for (String argument : arguments) {
            int end = argument.indexOf('=');
            values.put(argument.substring(0, end), argument.substring(end + 1));
        }
        KafkaStreams streams = new KafkaStreams(topology(values), Settings.of(values));
        CountDownLatch stopped = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            stopped.countDown();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(30))));
        streams.start();
        stopped.await();
    }

    private static Topology topology(Map<String, String> values) {
        ByteArrayDeserializer in = new ByteArrayDeserializer();
        ByteArraySerializer out = new ByteArraySerializer();
        Duration earlyTtl = Duration.ofSeconds(Long.parseLong(values.get("early_ttl_seconds")));
        String requests = values.get("requests");
        Topology topology = new Topology();
        topology.addSource("requests", in, in, requests);
        topology.addSource("events", in, in, values.get("events"));
        topology.addProcessor("join", () -> new JoinProcessor(requests, earlyTtl), "requests", "events");
        topology.addStateStore(store(values.get("store")), "join");
        topology.addSink(JoinProcessor.COMMANDS, values.get("commands"), out, out, "join");
        topology.addSink(JoinProcessor.RESPONSES, values.get("responses"), out, out, "join");
        topology.addSink(JoinProcessor.DEAD_LETTERS, values.get("dead_letters"), out, out, "join");
        return topology;
    }

    private static StoreBuilder<KeyValueStore<byte[], byte[]>> store(String kind) {
        KeyValueBytesStoreSupplier supplier = switch (kind) {
            case "memory" -> Stores.inMemoryKeyValueStore(JoinProcessor.STORE);
            case "rocksdb" -> Stores.persistentKeyValueStore(JoinProcessor.STORE);
            default -> throw new IllegalArgumentException("store is memory or rocksdb, not " + kind);
        };
        return Stores.keyValueStoreBuilder(supplier, Serdes.ByteArray(), Serdes.ByteArray())
                .withLoggingEnabled(Map.of())
                .withCachingDisabled();
    }
}
