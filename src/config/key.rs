/// A key of the configuration: its name, what it holds if nobody says otherwise, and why.
#[derive(Debug)]
pub struct Key {
    /// Dotted path, e.g. `topics.shards`.
    pub path: &'static str,
    /// The default as it would stand in the file; lists separated by commas, maps in flow style.
    pub default: &'static str,
    /// What it means, for people.
    pub meaning: &'static str,
    /// How its value is built.
    pub shape: Shape,
}

/// How the value of a key is built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// Several values; in a variable separated by commas, or in YAML's flow style.
    List,
    /// Several maps of sections of keys and values; in a variable in YAML's flow style, e.g. JSON.
    Entries,
    /// Names with values; in a variable in YAML's flow style, e.g. JSON.
    Map,
    /// One value.
    Single,
}

macro_rules! keys {
    ($($(#[$reason:meta])* $name:ident = $path:literal, $shape:ident, $default:literal, $meaning:literal;)+) => {
        $($(#[$reason])* pub(super) static $name: Key = Key {
            path: $path,
            default: $default,
            meaning: $meaning,
            shape: Shape::$shape,
        };)+

        /// Every key, in the order of the file.
        pub static KEYS: &[&Key] = &[$(&$name),+];
    };
}

keys! {
    /// The name of the program: good for the first installation of it on a cluster.
    APPLICATION_ID = "application_id", Single, "credbridge",
        "Consumer group, prefix of internal topics and of transactional ids";
    /// Host names are distinct wherever processes are.
    INSTANCE_ID = "instance_id", Single, "",
        "Name of this process among those of the application; empty: the host name";
    /// A worker is one thread that is busy under load.
    WORKERS = "workers", Single, "0", "Worker threads; 0: one per core";
    /// The reason to use the bridge.
    DELIVERY = "delivery", Single, "exactly_once", "`exactly_once` or `at_least_once`";
    /// Kafka's usual port on this machine; never right by accident in production.
    BOOTSTRAP_SERVERS = "kafka.bootstrap_servers", Single, "127.0.0.1:9092",
        "Brokers to start from, `host:port`, separated by commas";
    /// librdkafka's own defaults are good.
    PROPERTIES = "kafka.properties", Map, "{}",
        "Properties of librdkafka, passed through (TLS, SASL, tuning); those that delivery depends on are refused. `NAME_file` names a file with the value of `NAME`";
    /// Passwords and certificates are more usual.
    OAUTH_TOKEN_FILE = "kafka.oauth_token_file", Single, "",
        "File with the JSON Web Token that clients sign in with, where `sasl.mechanism` is `OAUTHBEARER`, e.g. a projected service account token; read again before it expires";
    /// Says what is in it.
    REQUESTS = "topics.requests", List, "onem2m.requests", "Topics with oneM2M create requests";
    /// Says what is in it.
    CPE_EVENTS = "topics.cpe_events", List, "cwmp.events", "Topics with CPE events";
    /// Says what is in it.
    COMMANDS = "topics.commands", Single, "cwmp.commands", "Topic for commands to the ACS";
    /// Says what is in it.
    RESPONSES = "topics.responses", Single, "onem2m.responses", "Topic for responses to requesters";
    /// Says whose they are.
    DEAD_LETTERS = "topics.dead_letters", Single, "credbridge.dead-letters",
        "Topic for records that nobody can read, or that belong to nothing";
    /// Topics are made by whoever runs the cluster, unless he says otherwise.
    CREATE_MISSING = "topics.create_missing", Single, "false", "Create outputs and internal topics at the start";
    /// Divides evenly among 2, 4, 8 and 16 workers, and cannot be changed later.
    SHARDS = "topics.shards", Single, "16", "Partitions of the internal topics when they are created, 1 to 10000";
    /// The other ways to find a device need no further topic.
    NODES = "topics.nodes", Single, "",
        "Compacted topic of `<node>` resources, by address, whose `ni` names the device; empty: not used";
    /// Each record tells its format.
    REQUESTS_FORMAT = "formats.requests", Single, "auto", "`auto`, `json`, `cbor` or `protobuf`";
    /// Each record tells its format.
    CPE_EVENTS_FORMAT = "formats.cpe_events", Single, "auto", "`auto`, `protobuf`, `json` or `soap`";
    /// Smallest, and with a schema.
    COMMANDS_FORMAT = "formats.commands", Single, "protobuf", "`protobuf`, `json` or `soap`";
    /// What every oneM2M CSE reads.
    RESPONSES_FORMAT = "formats.responses", Single, "json", "`json`, `cbor` or `protobuf`";
    /// Where a device stands in a target differs from CSE to CSE.
    FROM_TARGET = "devices.from_target", Single, "",
        "Regular expression with the group `device`, applied to the target of a request; empty: not used";
    /// Marking the wrong certificate is worse than a time-out.
    SOLE_OPEN_TRANSFER = "correlation.sole_open_transfer", Single, "false",
        "`true`: an empty CommandKey means the device's only open transfer";
    /// A CPE queues at least three transfers (TR-069 A.3.2.8).
    OPEN_DOWNLOADS = "correlation.open_downloads_per_device", Single, "3",
        "Downloads of one device that may be open at a time, 1 to 1000";
    /// More than anybody installs on a device at once; a slip in a campaign is not.
    QUEUED_DOWNLOADS = "correlation.queued_downloads_per_device", Single, "16",
        "Downloads of one device that wait until one of these has ended, in the order of their requests, 0 to 1000; more are refused (4000)";
    /// What 16 installations of one device can have said, twice over; a made-up key costs a kilobyte for ten minutes.
    EARLY_EVENTS = "correlation.early_events_per_device", Single, "32",
        "CPE events of one device that may wait for their requests, 1 to 1000; more are set aside";
    /// A secret is nobody's default.
    COMMAND_KEY_SECRET_FILE = "correlation.command_key_secret_file", Single, "",
        "File that holds a secret of 16 characters or more, the same for all processes and for `replay`: without it nobody can compute the CommandKeys that the bridge assigns; empty: anybody can. Changing it needs a restart";
    /// TR-069 has no type for certificates; vendors' own have this form.
    FILE_TYPE = "download.file_type", Single, "X 00256D Device Certificate",
        "FileType argument of Download, 1 to 64 characters; one without the form of `cwmp-1-2.xsd` is told by a warning";
    /// A name that is reserved for examples: it never resolves.
    URL = "download.url", Single, "https://files.example.net/credentials/{device_key}/{command_key}",
        "URL argument of Download, with the placeholders `{device_key}` and `{command_key}`, and `{file}` for the name of a staged file";
    /// No account is good for everybody.
    USERNAME_FILE = "download.username_file", Single, "", "File that holds the Username argument; empty: none";
    /// No account is good for everybody.
    PASSWORD_FILE = "download.password_file", Single, "", "File that holds the Password argument; empty: none";
    /// One account for all file servers is the rule.
    FILE_SERVERS = "download.file_servers", Entries, "[]",
        "Logins of single file servers: entries of `url`, with which the URLs of their files begin, and `username_file`, `password_file` or both; the longest `url` that fits wins, at most 200";
    /// Works without a file server.
    CONTENT = "download.content", Single, "inline",
        "`inline`: the certificate file is in the command; `staged`: it is put into `staging.store` first, and removed at the end; `none`: the ACS has it from elsewhere";
    /// One more command for each installation, which most devices do not need.
    LIST_ROWS_FIRST = "download.list_rows_first", Single, "false",
        "`true`: before a Download whose request names no row, the rows of `Device.Security.Certificate.` are listed (`<CommandKey>/list`); afterwards the one new row is that of the certificate, if neither the event nor serial number and issuer tell";
    /// CancelTransfer is optional in TR-069; many CPEs do not know it.
    CANCEL_EXPIRED = "download.cancel_expired", Single, "false",
        "`true`: an accepted Download whose request expires, or times out, is taken back by CancelTransfer";
    /// Clocks differ, and some certificates are sent ahead of their time.
    CERTIFICATE_VALIDITY = "download.certificate_validity", Single, "warn",
        "A certificate that is expired or not yet valid when its request is handled: `warn` says so in the debug text of the response, `refuse` answers 4000";
    /// Only the operator knows what his file server serves.
    STORE = "staging.store", Single, "",
        "Where files are staged: a folder (`file:///srv/files`), or a bucket with a prefix (`s3://`, `gs://`, `az://`; only with the cargo feature `cloud-stores`)";
    /// A name that follows from what is public can be guessed.
    STAGING_SECRET_FILE = "staging.secret_file", Single, "",
        "File that holds the secret from which the names of staged files are made, one line of 32 to 256 characters";
    /// The name that TS-0006 clause 8.3.2 uses.
    PARAMETER = "set.parameter", Single, "SUIDs", "Parameter under `Device.Security.Certificate.{i}.` that gets the SUIDs";
    /// Only then is the credential known to be usable.
    AWAIT_RESULT = "set.await_result", Single, "true", "`false`: the response follows TransferComplete";
    /// Busy or unreachable passes by itself within minutes; what a CPE refuses, it refuses again.
    RETRY_TABLE = "retry.table", Map,
        "{device_unavailable: 30s..10m x10, retry_later: 30s..10m x10, session_timeout: 30s..10m x10, timeout: 30s..10m x3, 8005: 30s..10m x10}",
        "What is tried again: rejections, `timeout` (of `timeouts.accept`) and fault codes, each with its first delay, its longest delay, and attempts altogether; replaces the default as a whole, `{}`: nothing";
    /// What a CPE refuses or fails, it mostly refuses or fails again.
    RETRY_NEW_COMMAND_KEY = "retry.new_command_key", Single, "false",
        "`true`: a Download comes again, too, when the device itself refuses or fails it with a fault that `retry.table` names, with a new CommandKey; the certificate file is kept until the transfer has ended";
    /// Only the operator of an ACS knows what it bears.
    PACING_FLEET = "pacing.fleet", Single, "",
        "Most Downloads of the whole fleet, e.g. `100/s`, `20/m` or `5000/h`, in equal shares for the shards; later ones wait; empty: not limited";
    /// As for the fleet.
    PACING_PRODUCT_CLASS = "pacing.product_class", Single, "",
        "The same for the devices of each product class";
    /// Only the operator knows what devices bear; most are asked once.
    PACING_DEVICE_DISTANCE = "pacing.device_distance", Single, "0s",
        "Least time from the turn of one Download of a device to that of its next request's; later ones wait; `0s`: none";
    /// A second is no burden, and makes good what the sharing among shards takes.
    PACING_BURST = "pacing.burst", Single, "1s", "What falls into this time may be sent at once";
    /// Enough for people who wait at a screen.
    PACING_RESERVED = "pacing.reserved", Single, "10",
        "Percent of `pacing.fleet` that are kept for originators of which nothing waits, 0 to 90";
    /// As for `timeouts.ended_ttl`: memory that grows with the fleet must be asked for.
    RESOURCE_TTL = "resources.ttl", Single, "24h",
        "How long a created resource is kept after its last change, so that it can be changed again; `0s`: not at all";
    /// A deleted certificate should be out of use, and Enable is what TR-181 lets an ACS write.
    RESOURCE_DELETE = "resources.delete", Single, "disable",
        "Deleting a resource: `disable` sets Enable of its row to false, `forget` leaves the device alone, `refuse` is 4005";
    /// As long as an ended CommandKey is remembered; each Download before it ends within `accept` and `transfer`.
    QUEUE = "timeouts.queue", Single, "24h", "Download waiting for earlier ones of its device -> sent";
    /// A device that is online answers in one session; one periodic Inform may lie between.
    ACCEPT = "timeouts.accept", Single, "15m", "Download or CancelTransfer command sent -> its answer";
    /// What ACSs wait in the field (GenieACS: 3600 s).
    TRANSFER = "timeouts.transfer", Single, "1h", "Download accepted -> TransferComplete";
    /// As for `accept`.
    LOOKUP = "timeouts.lookup", Single, "15m", "GetParameterValues command sent -> its answer";
    /// As for `accept`.
    SET = "timeouts.set", Single, "15m", "SetParameterValues command sent -> its answer";
    /// CPEs repeat a TransferComplete until it is acknowledged, with waits of up to 85 minutes.
    ENDED_TTL = "timeouts.ended_ttl", Single, "24h", "How long an ended CommandKey is remembered";
    /// Longer than topics of one cluster drift apart in ordinary work.
    EARLY_TTL = "timeouts.early_ttl", Single, "10m", "How long a CPE event waits for its request";
    /// Time-outs under lag are wrong; none at all are worse.
    HOLD_MAX = "timeouts.hold_max", Single, "1h", "How long lag may hold back time-outs";
    /// Most fleets need none.
    OVERRIDES = "overrides", Entries, "[]",
        "What is otherwise for some devices: entries of `match` (`oui`, `product_class` or both) and any of `download.file_type`, `download.url`, `set.parameter` and `timeouts.queue` to `timeouts.set`, at most 200; see below";
    /// Reachable from this machine only.
    LISTEN = "admin.listen", Single, "127.0.0.1:9464", "Address and port for probes and metrics";
    /// Whoever reaches the port can be probed by it, unless it wants certificates.
    PROBES_LISTEN = "admin.probes_listen", Single, "",
        "Address and port that answers probes only, in plain HTTP, for a kubelet, which has no certificate; empty: there is none";
    /// The port is on the loopback.
    CERTIFICATE_FILE = "admin.certificate_file", Single, "",
        "File with the certificate with which the admin port speaks TLS, and those above it, as PEM, read again when it changes; empty: plain HTTP";
    /// Goes with the certificate.
    KEY_FILE = "admin.key_file", Single, "", "File with the private key of this certificate, as PEM";
    /// Tokens are easier to give out.
    CLIENT_CA_FILE = "admin.client_ca_file", Single, "",
        "File with the certificates of those who sign the certificates that clients of the admin port must show, as PEM; empty: clients need none";
    /// Who may see metrics need not know who has which device.
    SHOW_DEVICES = "admin.show_devices", Single, "false",
        "`true`: the admin port names devices and CommandKeys, on its page and by `/v1/installations`";
    /// The port is on the loopback, or a network policy stands before it.
    READ_TOKEN_FILE = "admin.read_token_file", Single, "",
        "File with the token that all but probes need on the admin port, 16 characters or more, read again when it changes; empty: none";
    /// Off.
    CHANGE_TOKEN_FILE = "admin.change_token_file", Single, "",
        "File with the token that changes need, which also reads; empty: nothing can be changed";
}
