package credbridge.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Joins create requests with what devices answer, by device and CommandKey. */
final class JoinProcessor implements Processor<byte[], byte[], byte[], byte[]> {
    static final String STORE = "installations";
    static final String COMMANDS = "commands";
    static final String RESPONSES = "responses";
    static final String DEAD_LETTERS = "dead-letters";

    private static final Duration ACCEPT_TIMEOUT = Duration.ofMinutes(15);
    private static final Duration TRANSFER_TIMEOUT = Duration.ofHours(1);
    private static final Duration SET_TIMEOUT = Duration.ofMinutes(15);
    private static final Duration ENDED_TTL = Duration.ofHours(24);

    /** How often the store is looked through for what has expired. */
    private static final Duration SCAN_INTERVAL = Duration.ofSeconds(10);

    private final String requestTopic;
    private final Duration earlyTtl;
    private final RequestReader requests = new RequestReader();
    private final EventReader events = new EventReader();
    private final Outputs outputs = new Outputs();
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], byte[]> store;

    JoinProcessor(String requestTopic, Duration earlyTtl) {
        this.requestTopic = requestTopic;
        this.earlyTtl = earlyTtl;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
        this.context = context;
        store = context.getStateStore(STORE);
        context.schedule(SCAN_INTERVAL, PunctuationType.WALL_CLOCK_TIME, this::expire);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata metadata = context.recordMetadata().orElseThrow();
        Source source = Source.of(record, metadata);
        if (metadata.topic().equals(requestTopic)) {
            onRequest(source, record.timestamp());
        } else {
            onEvent(source, record.timestamp());
        }
    }

    private void onRequest(Source source, long timestamp) {
        Request request;
        try {
            request = requests.read(source);
        } catch (IOException | IllegalArgumentException error) {
            deadLetter(source, "malformed_json", error.getMessage(), timestamp);
            return;
        }
        byte[] key = storeKey(request.device(), request.commandKey());
        byte[] known = store.get(key);
        if (known != null && Entry.state(known) != Entry.EARLY) {
            return;
        }
        long now = context.currentSystemTimeMs();
        forward(COMMANDS, outputs.download(request, now + ACCEPT_TIMEOUT.toMillis(), timestamp));
        byte[] entry = Entry.open(request, now + ACCEPT_TIMEOUT.toMillis());
        if (known == null) {
            store.put(key, entry);
            return;
        }
        for (Entry.Early early : Entry.earlyEvents(known)) {
            entry = apply(entry, early.event(events), timestamp);
        }
        store.put(key, entry);
    }

    private void onEvent(Source source, long timestamp) {
        Event event;
        try {
            event = events.read(source.value());
        } catch (IOException | IllegalArgumentException error) {
            deadLetter(source, "malformed_json", error.getMessage(), timestamp);
            return;
        }
        String reason = event.unmatched();
        if (reason != null) {
            deadLetter(source, reason, "the event names no installation", timestamp);
            return;
        }
        byte[] key = storeKey(event.device(), event.commandKey());
        byte[] known = store.get(key);
        if (known == null || Entry.state(known) == Entry.EARLY) {
            long expiresAt = context.currentSystemTimeMs() + earlyTtl.toMillis();
            store.put(key, Entry.withEarly(known, source, expiresAt));
            return;
        }
        byte[] entry = apply(known, event, timestamp);
        if (entry != known) {
            store.put(key, entry);
        }
    }

    /** The entry after the event: the same object, if nothing changes. */
    private byte[] apply(byte[] entry, Event event, long timestamp) {
        if (Entry.state(entry) != Entry.OPEN) {
            return entry;
        }
        byte progress = Entry.progress(entry);
        boolean isTransferring = progress == Entry.DOWNLOAD_SENT || progress == Entry.ACCEPTED;
        return switch (event.kind()) {
            case DOWNLOAD_RESPONSE -> {
                if (progress != Entry.DOWNLOAD_SENT) {
                    yield entry;
                }
                yield event.status() == 1 ? Entry.accepted(entry, after(TRANSFER_TIMEOUT)) : stored(entry, null, timestamp);
            }
            case TRANSFER_COMPLETE -> {
                if (!isTransferring) {
                    yield entry;
                }
                if (event.faultCode() == 0) {
                    yield stored(entry, event.certificatePath(), timestamp);
                }
                yield failed(entry, FaultTable.TRANSFER_COMPLETE, event, timestamp);
            }
            case FAULT -> {
                if (event.step().equals("download") && progress == Entry.DOWNLOAD_SENT) {
                    yield failed(entry, FaultTable.DOWNLOAD, event, timestamp);
                }
                if (event.step().equals("set") && progress == Entry.SET_SENT) {
                    yield failed(entry, FaultTable.SET_PARAMETER_VALUES, event, timestamp);
                }
                yield entry;
            }
            case SET_PARAMETER_VALUES_RESPONSE -> {
                if (progress != Entry.SET_SENT) {
                    yield entry;
                }
                Request request = Entry.request(entry);
                forward(RESPONSES, outputs.created(request, timestamp));
                yield Entry.ended(request, after(ENDED_TTL));
            }
            case OTHER -> entry;
        };
    }

    /** The file is on the device: its row gets the SUIDs. This program does not look rows up. */
    private byte[] stored(byte[] entry, String path, long timestamp) {
        Request request = Entry.request(entry);
        Request placed = path == null || path.isEmpty() ? request : request.withRow(path);
        if (placed.row().isEmpty()) {
            String debug = "the row of the new certificate is not known; the certificate stays on the device without SUIDs";
            forward(RESPONSES, outputs.failed(placed, 6005, debug, timestamp));
            return Entry.ended(placed, after(ENDED_TTL));
        }
        long expiresAt = after(SET_TIMEOUT);
        forward(COMMANDS, outputs.set(placed, expiresAt, timestamp));
        return Entry.setSent(placed, expiresAt);
    }

    private byte[] failed(byte[] entry, String message, Event event, long timestamp) {
        Request request = Entry.request(entry);
        FaultTable.Answer answer = FaultTable.answer(message, event.faultCode(), event.faultString());
        forward(RESPONSES, outputs.failed(request, answer.statusCode(), answer.text(), timestamp));
        return Entry.ended(request, after(ENDED_TTL));
    }

    /** Ends what has waited too long. */
    private void expire(long now) {
        try (KeyValueIterator<byte[], byte[]> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<byte[], byte[]> next = all.next();
                if (Entry.deadline(next.value) <= now) {
                    expire(next.key, next.value, now);
                }
            }
        }
    }

    private void expire(byte[] key, byte[] entry, long now) {
        switch (Entry.state(entry)) {
            case Entry.EARLY -> {
                for (Entry.Early early : Entry.earlyEvents(entry)) {
                    deadLetter(early.source(), "unknown_command_key", "no request with this CommandKey came", now);
                }
                store.delete(key);
            }
            case Entry.OPEN -> {
                Request request = Entry.request(entry);
                int code = Entry.progress(entry) == Entry.DOWNLOAD_SENT ? 6021 : 4008;
                forward(RESPONSES, outputs.failed(request, code, "timed out", now));
                store.put(key, Entry.ended(request, after(ENDED_TTL)));
            }
            default -> store.delete(key);
        }
    }

    private long after(Duration duration) {
        return context.currentSystemTimeMs() + duration.toMillis();
    }

    private void deadLetter(Source source, String reason, String error, long timestamp) {
        Headers headers = outputs.headers();
        for (Header header : source.headers()) {
            headers.add(header);
        }
        headers.add("credbridge-reason", reason.getBytes(UTF_8));
        headers.add("credbridge-error", String.valueOf(error).getBytes(UTF_8));
        headers.add("credbridge-source", source.coordinates().getBytes(UTF_8));
        forward(DEAD_LETTERS, new Record<>(source.key(), source.value(), timestamp, headers));
    }

    private void forward(String sink, Record<byte[], byte[]> record) {
        context.forward(record, sink);
    }

    private static byte[] storeKey(String device, String commandKey) {
        return (device + '/' + commandKey).getBytes(UTF_8);
    }
}
