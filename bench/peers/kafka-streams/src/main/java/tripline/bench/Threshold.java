package tripline.bench;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Five events of one name within 60 seconds of a resource run a deployment, then the resource rests until its window is
 * over: what a reactive trigger says, for events that come in order.
 */
final class Threshold implements Processor<String, byte[], String, byte[]> {
    static final String STORE = "windows";
    private static final long WITHIN = 60_000;
    private static final int THRESHOLD = 5;
    /** A first window looks back this far, for events that arrive out of order. */
    private static final long LOOK_BACK = 900_000;

    private final String expected;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, Window> windows;

    Threshold(String expected) {
        this.expected = expected;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> given) {
        context = given;
        windows = given.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        Sighting seen = Sighting.read(record.value());
        if (seen == null || !seen.name().equals(expected)) return;
        long at = record.timestamp();
        Window open = windows.get(seen.resource());
        if (open == null) open = new Window(at - LOOK_BACK, at + WITHIN, 0);
        if (at < open.start()) return;
        if (at >= open.end()) open = new Window(at, at + WITHIN, 0);
        if (open.count() + 1 < THRESHOLD) {
            windows.put(seen.resource(), new Window(open.start(), open.end(), open.count() + 1));
            return;
        }
        windows.put(seen.resource(), new Window(open.end(), open.end() + WITHIN, 0));
        run(seen, open, record);
    }

    /** The command's id is derived, so that whoever gets it twice can tell. */
    private void run(Sighting seen, Window window, Record<String, byte[]> record) {
        String name = seen.resource() + "|" + window.start() + "|" + window.end() + "|" + seen.id();
        String runId = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
        String command = "{\"kind\":\"schedule\",\"runId\":\"" + runId
            + "\",\"deploymentId\":\"0b8f2c5e-4a57-4c58-9d0a-6f6c0c8a2d11\",\"parameters\":{\"host\":\"" + seen.resource()
            + "\"},\"triggered\":" + record.timestamp() + ",\"eventId\":\"" + seen.id()
            + "\",\"eventName\":\"" + seen.name() + "\",\"resourceId\":\"" + seen.resource() + "\"}";
        context.forward(new Record<>(runId, command.getBytes(StandardCharsets.UTF_8), record.timestamp()));
    }
}
