package tripline.bench;

import com.espertech.esper.common.client.EPCompiled;
import com.espertech.esper.common.client.configuration.Configuration;
import com.espertech.esper.compiler.client.CompilerArguments;
import com.espertech.esper.compiler.client.EPCompilerProvider;
import com.espertech.esper.runtime.client.EPRuntime;
import com.espertech.esper.runtime.client.EPRuntimeProvider;
import com.espertech.esper.runtime.client.EPStatement;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs one pattern over prepared events, a round for each line it is sent, and answers how many nanoseconds the round
 * took and how often the pattern fired. Time is that of the events: the clock is set before each of them.
 */
public final class Contestant {
    private final Configuration configuration = configuration();
    private final EPCompiled pattern;
    private final Event[] events;
    private long fired;

    private Contestant(Path epl, Path events) throws Exception {
        pattern = EPCompilerProvider.getCompiler()
            .compile(Files.readString(epl), new CompilerArguments(configuration));
        this.events = read(events);
    }

    public static void main(String[] args) throws Exception {
        Contestant contestant = new Contestant(Path.of(args[0]), Path.of(args[1]));
        System.out.println("ready");
        BufferedReader asked = new BufferedReader(new InputStreamReader(System.in));
        while (asked.readLine() != null) {
            System.gc();
            long nanos = contestant.round();
            System.out.println(nanos + " " + contestant.fired);
        }
    }

    private long round() throws Exception {
        EPRuntime runtime = EPRuntimeProvider.getRuntime("bench", configuration);
        runtime.getEventService().advanceTime(events[0].getAt());
        fired = 0;
        for (EPStatement statement : runtime.getDeploymentService().deploy(pattern).getStatements()) {
            if (statement.getName().equals("firings")) {
                statement.addListener((news, olds, from, by) -> fired += news.length);
            }
        }
        long started = System.nanoTime();
        var service = runtime.getEventService();
        long now = events[0].getAt();
        for (Event event : events) {
            if (event.getAt() > now) {
                now = event.getAt();
                service.advanceTime(now);
            }
            service.sendEventBean(event, "Event");
        }
        long nanos = System.nanoTime() - started;
        runtime.destroy();
        return nanos;
    }

    private static Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.getCommon().addEventType("Event", Event.class);
        // As fast as it goes with one thread, and by the events' own time.
        var threading = configuration.getRuntime().getThreading();
        threading.setInternalTimerEnabled(false);
        threading.setListenerDispatchPreserveOrder(false);
        threading.setInsertIntoDispatchPreserveOrder(false);
        return configuration;
    }

    private static Event[] read(Path file) throws IOException {
        List<Event> events = new ArrayList<>();
        try (var lines = Files.lines(file)) {
            lines.forEach(line -> {
                String[] fields = line.split("\t");
                events.add(new Event(Long.parseLong(fields[0]), fields[1], fields[2]));
            });
        }
        return events.toArray(Event[]::new);
    }
}
