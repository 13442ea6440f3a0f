package credbridge.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** Reads CPE events in proto3 JSON, as a stream, without a tree. */
final class EventReader {
    private static final JsonFactory JSON = new JsonFactory();

    private Event.Kind kind;
    private String device;
    private String commandId;
    private String commandKey;
    private int status;
    private int faultCode;
    private String faultString;
    private String certificatePath;

    Event read(byte[] value) throws IOException {
        kind = Event.Kind.OTHER;
        device = commandId = commandKey = faultString = certificatePath = "";
        status = faultCode = 0;
        try (JsonParser parser = JSON.createParser(value)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("no object");
            }
            event(parser);
        }
        String key = commandKey;
        String step = "";
        int end = commandId.lastIndexOf('/');
        if (kind != Event.Kind.TRANSFER_COMPLETE && end >= 0) {
            key = commandId.substring(0, end);
            step = commandId.substring(end + 1);
        }
        return new Event(kind, device, key, step, status, faultCode, faultString, certificatePath);
    }

    private void event(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "device" -> device = device(parser);
                case "commandId" -> commandId = parser.getText();
                case "downloadResponse" -> body(parser, Event.Kind.DOWNLOAD_RESPONSE);
                case "transferComplete" -> body(parser, Event.Kind.TRANSFER_COMPLETE);
                case "setParameterValuesResponse" -> body(parser, Event.Kind.SET_PARAMETER_VALUES_RESPONSE);
                case "fault" -> body(parser, Event.Kind.FAULT);
                default -> parser.skipChildren();
            }
        }
    }

    private static String device(JsonParser parser) throws IOException {
        String oui = "";
        String productClass = "";
        String serialNumber = "";
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "oui" -> oui = parser.getText();
                case "productClass" -> productClass = parser.getText();
                case "serialNumber" -> serialNumber = parser.getText();
                default -> parser.skipChildren();
            }
        }
        return DeviceKey.of(oui, productClass, serialNumber);
    }

    /** The members of an answer, and of the fault in a TransferComplete. */
    private void body(JsonParser parser, Event.Kind answer) throws IOException {
        kind = answer;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            switch (name) {
                case "status" -> status = parser.getIntValue();
                case "commandKey" -> commandKey = parser.getText();
                case "certificatePath" -> certificatePath = parser.getText();
                case "faultCode" -> faultCode = parser.getIntValue();
                case "faultString" -> faultString = parser.getText();
                case "fault" -> body(parser, answer);
                default -> parser.skipChildren();
            }
        }
    }
}
