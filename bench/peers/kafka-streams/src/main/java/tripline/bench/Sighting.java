package tripline.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** What the rule needs of an event; the rest of it is passed over by Jackson's streaming parser. */
record Sighting(String id, String name, String resource) {
    private static final JsonFactory JSON = new JsonFactory();

    /** Null where the bytes are no event. */
    static Sighting read(byte[] bytes) {
        String id = null;
        String name = null;
        String resource = null;
        try (JsonParser parser = JSON.createParser(bytes)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) return null;
            for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
                switch (field) {
                    case "id" -> id = parser.nextTextValue();
                    case "event" -> name = parser.nextTextValue();
                    case "resource" -> resource = resourceId(parser);
                    default -> {
                        parser.nextToken();
                        parser.skipChildren();
                    }
                }
            }
        } catch (IOException unreadable) {
            return null;
        }
        return id == null || name == null || resource == null ? null : new Sighting(id, name, resource);
    }

    private static String resourceId(JsonParser parser) throws IOException {
        String found = null;
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return null;
        }
        for (String label = parser.nextFieldName(); label != null; label = parser.nextFieldName()) {
            if (label.equals("prefect.resource.id")) {
                found = parser.nextTextValue();
            } else {
                parser.nextToken();
                parser.skipChildren();
            }
        }
        return found;
    }
}
