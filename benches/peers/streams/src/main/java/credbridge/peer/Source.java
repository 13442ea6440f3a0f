package credbridge.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** A record as it came. */
record Source(byte[] key, byte[] value, Headers headers, String topic, int partition, long offset) {
    static Source of(Record<byte[], byte[]> record, RecordMetadata metadata) {
        return new Source(
                record.key(),
                record.value(),
                record.headers(),
                metadata.topic(),
                metadata.partition(),
                metadata.offset());
    }

    String coordinates() {
        return topic + '/' + partition + '/' + offset;
    }

    /** The text of a header; empty if there is none. */
    String header(String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? "" : new String(header.value(), UTF_8);
    }
}
