package tripline.bench;

/** An event as Esper sees it: a bean with what the patterns ask for. */
public final class Event {
    private final long at;
    private final String name;
    private final String resource;

    public Event(long at, String name, String resource) {
        this.at = at;
        this.name = name;
        this.resource = resource;
    }

    public long getAt() {
        return at;
    }

    public String getName() {
        return name;
    }

    public String getResource() {
        return resource;
    }
}
