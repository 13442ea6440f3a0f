package credbridge.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;

/** Reads oneM2M request primitives in JSON, as a stream, without a tree. */
final class RequestReader {
    private static final JsonFactory JSON = new JsonFactory();

    private int operation;
    private int type;
    private String identifier;
    private String originator;
    private String target;
    private String release;
    private String format;
    private String row;
    private byte[] suids;
    private byte[] content;

    /** @throws IllegalArgumentException if it is no create request of a certificate */
    Request read(Source source) throws IOException {
        operation = 0;
        type = 0;
        identifier = originator = target = release = format = row = "";
        suids = content = null;
        try (JsonParser parser = JSON.createParser(source.value())) {
            parser.nextToken();
            primitive(parser);
        }
        if (operation != 1 || type != 13 || identifier.isEmpty() || suids == null || content == null) {
            throw new IllegalArgumentException("no create request of a certificate");
        }
        return new Request(
                source.coordinates(),
                source.key(),
                source.header("traceparent"),
                source.header("cwmp-device-id"),
                source.header("cwmp-command-key"),
                identifier,
                originator,
                target,
                release,
                format,
                row,
                suids,
                content);
    }

    private void primitive(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "op" -> operation = parser.getIntValue();
                case "ty" -> type = parser.getIntValue();
                case "rqi" -> identifier = parser.getText();
                case "fr" -> originator = parser.getText();
                case "to" -> target = parser.getText();
                case "rvi" -> release = parser.getText();
                case "pc" -> content(parser);
                default -> parser.skipChildren();
            }
        }
    }

    private void content(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean isResource = parser.currentName().equals("dcfg:nycfc");
            parser.nextToken();
            if (isResource) {
                resource(parser);
            } else {
                parser.skipChildren();
            }
        }
    }

    private void resource(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "suids" -> suids = numbers(parser);
                case "mcff" -> format = parser.getText();
                case "mcfc" -> content = parser.getText().getBytes(UTF_8);
                case "obps" -> row = onlyText(parser);
                default -> parser.skipChildren();
            }
        }
    }

    private static byte[] numbers(JsonParser parser) throws IOException {
        byte[] numbers = new byte[8];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (count == numbers.length) {
                numbers = Arrays.copyOf(numbers, 2 * count);
            }
            numbers[count++] = parser.getByteValue();
        }
        return Arrays.copyOf(numbers, count);
    }

    /** The only element of a list of texts; empty if there are none or several. */
    private static String onlyText(JsonParser parser) throws IOException {
        String text = "";
        for (int count = 0; parser.nextToken() != JsonToken.END_ARRAY; count++) {
            text = count == 0 ? parser.getText() : "";
        }
        return text;
    }
}
