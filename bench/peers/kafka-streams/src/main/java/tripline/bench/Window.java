package tripline.bench;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** What is counted for a resource: so many sightings in [start, end), in milliseconds. */
record Window(long start, long end, int count) {
    private static final int BYTES = 2 * Long.BYTES + Integer.BYTES;

    static Serde<Window> serde() {
        Serializer<Window> write = (topic, window) -> window == null
            ? null
            : ByteBuffer.allocate(BYTES).putLong(window.start).putLong(window.end).putInt(window.count).array();
        Deserializer<Window> read = (topic, bytes) -> {
            if (bytes == null) return null;
            ByteBuffer from = ByteBuffer.wrap(bytes);
            return new Window(from.getLong(), from.getLong(), from.getInt());
        };
        return Serdes.serdeFrom(write, read);
    }
}
