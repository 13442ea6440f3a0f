package credbridge.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;

/** Writes commands (CpeCommand, protobuf) and responses (oneM2M response primitives, JSON). */
final class Outputs {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String FILE_TYPE = "X 00256D Device Certificate";
    private static final String URL = "https://files.example.net/credentials/";
    private static final byte[] PROTOBUF_TYPE = "application/x-protobuf".getBytes(UTF_8);
    private static final byte[] RESPONSE_TYPE = "application/vnd.onem2m-prsp+json".getBytes(UTF_8);

    private static final int DOWNLOAD_FIELD = 10;
    private static final int SET_FIELD = 11;

    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream(1_024);

    private interface Body {
        void write(CodedOutputStream out) throws IOException;
    }

    private interface Content {
        void write(JsonGenerator out) throws IOException;
    }

    Headers headers() {
        return new RecordHeaders();
    }

    Record<byte[], byte[]> download(Request request, long expiresAt, long timestamp) {
        byte[] arguments = message(out -> {
            out.writeString(1, request.commandKey());
            out.writeString(2, FILE_TYPE);
            out.writeString(3, URL + request.device() + '/' + request.commandKey());
            out.writeUInt64(6, request.content().length);
            out.writeByteArray(11, request.content());
            out.writeString(12, request.format());
        });
        return command(request, "/download", DOWNLOAD_FIELD, arguments, expiresAt, timestamp);
    }

    Record<byte[], byte[]> set(Request request, long expiresAt, long timestamp) {
        StringBuilder suids = new StringBuilder();
        for (byte suid : request.suids()) {
            suids.append(suids.length() == 0 ? "" : ",").append(suid);
        }
        byte[] parameter = message(out -> {
            out.writeString(1, request.row() + "SUIDs");
            out.writeString(2, suids.toString());
            out.writeString(3, "xsd:string");
        });
        byte[] arguments = message(out -> {
            out.writeByteArray(1, parameter);
            out.writeString(2, request.commandKey());
        });
        return command(request, "/set", SET_FIELD, arguments, expiresAt, timestamp);
    }

    private Record<byte[], byte[]> command(
            Request request, String step, int field, byte[] arguments, long expiresAt, long timestamp) {
        byte[] device = message(out -> {
            String[] parts = DeviceKey.parts(request.device());
            out.writeString(1, parts[0]);
            if (!parts[1].isEmpty()) {
                out.writeString(2, parts[1]);
            }
            out.writeString(3, parts[2]);
        });
        byte[] expiry = message(out -> {
            out.writeInt64(1, expiresAt / 1_000);
            out.writeInt32(2, (int) (expiresAt % 1_000) * 1_000_000);
        });
        byte[] value = message(out -> {
            out.writeString(1, request.commandKey() + step);
            out.writeByteArray(2, device);
            out.writeByteArray(3, expiry);
            out.writeByteArray(field, arguments);
        });
        return new Record<>(request.device().getBytes(UTF_8), value, timestamp, headers(request, PROTOBUF_TYPE));
    }

    /** The certificate is on the device, and its SUIDs are set. */
    Record<byte[], byte[]> created(Request request, long timestamp) {
        return response(request, 2001, timestamp, out -> {
            out.writeObjectFieldStart("dcfg:nycfc");
            out.writeNumberField("mgd", 1023);
            out.writeArrayFieldStart("suids");
            for (byte suid : request.suids()) {
                out.writeNumber(suid);
            }
            out.writeEndArray();
            out.writeStringField("mcff", request.format());
            out.writeArrayFieldStart("obps");
            out.writeString(request.row());
            out.writeEndArray();
            out.writeEndObject();
        });
    }

    Record<byte[], byte[]> failed(Request request, int code, String debug, long timestamp) {
        return response(request, code, timestamp, out -> out.writeStringField("m2m:dbg", debug));
    }

    private Record<byte[], byte[]> response(Request request, int code, long timestamp, Content content) {
        buffer.reset();
        try (JsonGenerator out = JSON.createGenerator(buffer)) {
            out.writeStartObject();
            out.writeNumberField("rsc", code);
            out.writeStringField("rqi", request.identifier());
            out.writeStringField("to", request.originator());
            out.writeStringField("fr", request.target());
            out.writeStringField("rvi", request.release());
            out.writeObjectFieldStart("pc");
            content.write(out);
            out.writeEndObject();
            out.writeEndObject();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return new Record<>(request.recordKey(), buffer.toByteArray(), timestamp, headers(request, RESPONSE_TYPE));
    }

    private Headers headers(Request request, byte[] contentType) {
        return headers()
                .add("content-type", contentType)
                .add("cwmp-device-id", request.device().getBytes(UTF_8))
                .add("cwmp-command-key", request.commandKey().getBytes(UTF_8))
                .add("traceparent", request.traceparent().getBytes(UTF_8))
                .add("credbridge-request", request.coordinates().getBytes(UTF_8));
    }

    private byte[] message(Body body) {
        buffer.reset();
        CodedOutputStream out = CodedOutputStream.newInstance(buffer, 512);
        try {
            body.write(out);
            out.flush();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return buffer.toByteArray();
    }
}
