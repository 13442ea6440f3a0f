package credbridge.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Values of the store: deadline (8 bytes, milliseconds), state (1 byte), then what belongs to the state. The deadline
 * stands first, so that looking for what has expired reads nothing else.
 */
final class Entry {
    /** Events that wait for their request. */
    static final byte EARLY = 0;
    /** A request that is not answered. */
    static final byte OPEN = 1;
    /** A request that was answered: repeats are told from strangers. */
    static final byte ENDED = 2;

    static final byte DOWNLOAD_SENT = 0;
    static final byte ACCEPTED = 1;
    static final byte SET_SENT = 2;

    private static final int STATE = Long.BYTES;
    private static final int PROGRESS = STATE + 1;
    private static final int BODY = PROGRESS + 1;

    private Entry() {}

    /** An event that waits for its request. */
    record Early(Source source) {
        /** The event in the record, which was read once already. */
        Event event(EventReader reader) {
            try {
                return reader.read(source.value());
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    static long deadline(byte[] entry) {
        return ByteBuffer.wrap(entry).getLong();
    }

    static byte state(byte[] entry) {
        return entry[STATE];
    }

    static byte progress(byte[] entry) {
        return entry[PROGRESS];
    }

    static byte[] open(Request request, long deadline) {
        return open(request, DOWNLOAD_SENT, deadline);
    }

    static byte[] setSent(Request request, long deadline) {
        return open(request, SET_SENT, deadline);
    }

    static byte[] accepted(byte[] entry, long deadline) {
        byte[] accepted = entry.clone();
        ByteBuffer.wrap(accepted).putLong(deadline);
        accepted[PROGRESS] = ACCEPTED;
        return accepted;
    }

    static byte[] ended(Request request, long deadline) {
        byte[] coordinates = request.coordinates().getBytes(UTF_8);
        return ByteBuffer.allocate(BODY + coordinates.length)
                .putLong(deadline)
                .put(ENDED)
                .put((byte) 0)
                .put(coordinates)
                .array();
    }

    private static byte[] open(Request request, byte progress, long deadline) {
        byte[][] texts = {
            request.coordinates().getBytes(UTF_8),
            request.recordKey(),
            request.traceparent().getBytes(UTF_8),
            request.device().getBytes(UTF_8),
            request.commandKey().getBytes(UTF_8),
            request.identifier().getBytes(UTF_8),
            request.originator().getBytes(UTF_8),
            request.target().getBytes(UTF_8),
            request.release().getBytes(UTF_8),
            request.format().getBytes(UTF_8),
            request.row().getBytes(UTF_8),
            request.suids(),
        };
        int size = BODY;
        for (byte[] text : texts) {
            size += Short.BYTES + text.length;
        }
        ByteBuffer entry = ByteBuffer.allocate(size).putLong(deadline).put(OPEN).put(progress);
        for (byte[] text : texts) {
            entry.putShort((short) text.length).put(text);
        }
        return entry.array();
    }

    static Request request(byte[] entry) {
        ByteBuffer in = ByteBuffer.wrap(entry, BODY, entry.length - BODY);
        return new Request(
                text(in),
                bytes(in),
                text(in),
                text(in),
                text(in),
                text(in),
                text(in),
                text(in),
                text(in),
                text(in),
                text(in),
                bytes(in),
                null);
    }

    private static String text(ByteBuffer in) {
        int length = in.getShort();
        String text = new String(in.array(), in.position(), length, UTF_8);
        in.position(in.position() + length);
        return text;
    }

    private static byte[] bytes(ByteBuffer in) {
        byte[] bytes = new byte[in.getShort()];
        in.get(bytes);
        return bytes;
    }

    /** The entry with one more event; a new one if {@code entry} is null. */
    static byte[] withEarly(byte[] entry, Source source, long expiresAt) {
        List<byte[]> parts = new ArrayList<>();
        parts.add(source.topic().getBytes(UTF_8));
        parts.add(ByteBuffer.allocate(Integer.BYTES + Long.BYTES).putInt(source.partition()).putLong(source.offset()).array());
        parts.add(source.key());
        parts.add(source.value());
        for (Header header : source.headers()) {
            parts.add(header.key().getBytes(UTF_8));
            parts.add(header.value());
        }
        int size = Integer.BYTES;
        for (byte[] part : parts) {
            size += Integer.BYTES + part.length;
        }
        int before = entry == null ? BODY : entry.length;
        ByteBuffer next = ByteBuffer.wrap(entry == null ? new byte[before + size] : Arrays.copyOf(entry, before + size));
        if (entry == null) {
            next.putLong(expiresAt).put(EARLY).put((byte) 0);
        }
        next.position(before);
        next.putInt(parts.size());
        for (byte[] part : parts) {
            next.putInt(part.length).put(part);
        }
        return next.array();
    }

    static List<Early> earlyEvents(byte[] entry) {
        ByteBuffer in = ByteBuffer.wrap(entry, BODY, entry.length - BODY);
        List<Early> events = new ArrayList<>();
        while (in.hasRemaining()) {
            int parts = in.getInt();
            String topic = new String(part(in), UTF_8);
            ByteBuffer place = ByteBuffer.wrap(part(in));
            byte[] key = part(in);
            byte[] value = part(in);
            Headers headers = new RecordHeaders();
            for (int i = 4; i < parts; i += 2) {
                headers.add(new String(part(in), UTF_8), part(in));
            }
            events.add(new Early(new Source(key, value, headers, topic, place.getInt(), place.getLong())));
        }
        return events;
    }

    private static byte[] part(ByteBuffer in) {
        byte[] bytes = new byte[in.getInt()];
        in.get(bytes);
        return bytes;
    }
}
