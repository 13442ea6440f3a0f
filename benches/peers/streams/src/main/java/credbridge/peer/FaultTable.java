package credbridge.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The fault tables of TS-0006 clause 8.3.2.2: the file that credbridge itself reads. */
final class FaultTable {
    static final String DOWNLOAD = "Download";
    static final String TRANSFER_COMPLETE = "TransferComplete";
    static final String SET_PARAMETER_VALUES = "SetParameterValues";

    private static final int BAD_REQUEST = 4000;
    private static final List<Row> ROWS = read();

    private FaultTable() {}

    private record Row(String message, int code, String meaning, String result, int statusCode) {}

    /** The status code of the response, and the fault in words. */
    record Answer(int statusCode, String text) {}

    static Answer answer(String message, int code, String said) {
        Row listed = null;
        Row elsewhere = null;
        for (Row row : ROWS) {
            if (row.code == code && row.message.equals(message)) {
                listed = row;
                break;
            }
            if (row.code == code && elsewhere == null) {
                elsewhere = row;
            }
        }
        Row row = listed == null ? elsewhere : listed;
        StringBuilder text = new StringBuilder(160).append(message).append(' ').append(code);
        if (row == null) {
            text.append(": not in the fault tables");
        } else {
            if (!row.result.isEmpty()) {
                text.append(' ').append(row.result);
            }
            text.append(": ").append(row.meaning);
            if (listed == null) {
                text.append(" (out of table for ").append(message).append(')');
            }
        }
        if (!said.isEmpty()) {
            text.append("; device said \"").append(said.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
        }
        if (message.equals(SET_PARAMETER_VALUES)) {
            text.append("; the certificate stays on the device without SUIDs");
        }
        return new Answer(listed == null ? BAD_REQUEST : listed.statusCode, text.toString());
    }

    private static List<Row> read() {
        List<Row> rows = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(FaultTable.class.getResourceAsStream("/fault_table.csv"), UTF_8))) {
            lines.readLine();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] columns = line.split(",", -1);
                rows.add(new Row(
                        columns[0],
                        Integer.parseInt(columns[1]),
                        columns[2],
                        columns[4],
                        Integer.parseInt(columns[5])));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return rows;
    }
}
