impl serde::Serialize for AutonomousTransferComplete {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.transfer_url.is_empty() {
            len += 1;
        }
        if self.fault.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.AutonomousTransferComplete", len)?;
        if !self.transfer_url.is_empty() {
            struct_ser.serialize_field("transferUrl", &self.transfer_url)?;
        }
        if let Some(v) = self.fault.as_ref() {
            struct_ser.serialize_field("fault", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for AutonomousTransferComplete {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "transfer_url",
            "transferUrl",
            "fault",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            TransferUrl,
            Fault,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "transferUrl" | "transfer_url" => Ok(GeneratedField::TransferUrl),
                            "fault" => Ok(GeneratedField::Fault),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = AutonomousTransferComplete;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.AutonomousTransferComplete")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<AutonomousTransferComplete, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut transfer_url__ = None;
                let mut fault__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::TransferUrl => {
                            if transfer_url__.is_some() {
                                return Err(serde::de::Error::duplicate_field("transferUrl"));
                            }
                            transfer_url__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Fault => {
                            if fault__.is_some() {
                                return Err(serde::de::Error::duplicate_field("fault"));
                            }
                            fault__ = map_.next_value()?;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(AutonomousTransferComplete {
                    transfer_url: transfer_url__.unwrap_or_default(),
                    fault: fault__,
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.AutonomousTransferComplete", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CancelTransfer {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.command_key.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.CancelTransfer", len)?;
        if !self.command_key.is_empty() {
            struct_ser.serialize_field("commandKey", &self.command_key)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CancelTransfer {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "command_key",
            "commandKey",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            CommandKey,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "commandKey" | "command_key" => Ok(GeneratedField::CommandKey),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CancelTransfer;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.CancelTransfer")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CancelTransfer, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut command_key__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::CommandKey => {
                            if command_key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commandKey"));
                            }
                            command_key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(CancelTransfer {
                    command_key: command_key__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.CancelTransfer", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CancelTransferResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("credbridge.v1.CancelTransferResponse", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CancelTransferResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Ok(GeneratedField::__SkipField__)
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CancelTransferResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.CancelTransferResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CancelTransferResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(CancelTransferResponse {
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.CancelTransferResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CpeCommand {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.command_id.is_empty() {
            len += 1;
        }
        if self.device.is_some() {
            len += 1;
        }
        if self.expires_at.is_some() {
            len += 1;
        }
        if self.rpc.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.CpeCommand", len)?;
        if !self.command_id.is_empty() {
            struct_ser.serialize_field("commandId", &self.command_id)?;
        }
        if let Some(v) = self.device.as_ref() {
            struct_ser.serialize_field("device", v)?;
        }
        if let Some(v) = self.expires_at.as_ref() {
            struct_ser.serialize_field("expiresAt", v)?;
        }
        if let Some(v) = self.rpc.as_ref() {
            match v {
                cpe_command::Rpc::Download(v) => {
                    struct_ser.serialize_field("download", v)?;
                }
                cpe_command::Rpc::SetParameterValues(v) => {
                    struct_ser.serialize_field("setParameterValues", v)?;
                }
                cpe_command::Rpc::GetParameterValues(v) => {
                    struct_ser.serialize_field("getParameterValues", v)?;
                }
                cpe_command::Rpc::GetParameterNames(v) => {
                    struct_ser.serialize_field("getParameterNames", v)?;
                }
                cpe_command::Rpc::CancelTransfer(v) => {
                    struct_ser.serialize_field("cancelTransfer", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CpeCommand {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "command_id",
            "commandId",
            "device",
            "expires_at",
            "expiresAt",
            "download",
            "set_parameter_values",
            "setParameterValues",
            "get_parameter_values",
            "getParameterValues",
            "get_parameter_names",
            "getParameterNames",
            "cancel_transfer",
            "cancelTransfer",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            CommandId,
            Device,
            ExpiresAt,
            Download,
            SetParameterValues,
            GetParameterValues,
            GetParameterNames,
            CancelTransfer,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "commandId" | "command_id" => Ok(GeneratedField::CommandId),
                            "device" => Ok(GeneratedField::Device),
                            "expiresAt" | "expires_at" => Ok(GeneratedField::ExpiresAt),
                            "download" => Ok(GeneratedField::Download),
                            "setParameterValues" | "set_parameter_values" => Ok(GeneratedField::SetParameterValues),
                            "getParameterValues" | "get_parameter_values" => Ok(GeneratedField::GetParameterValues),
                            "getParameterNames" | "get_parameter_names" => Ok(GeneratedField::GetParameterNames),
                            "cancelTransfer" | "cancel_transfer" => Ok(GeneratedField::CancelTransfer),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CpeCommand;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.CpeCommand")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CpeCommand, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut command_id__ = None;
                let mut device__ = None;
                let mut expires_at__ = None;
                let mut rpc__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::CommandId => {
                            if command_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commandId"));
                            }
                            command_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Device => {
                            if device__.is_some() {
                                return Err(serde::de::Error::duplicate_field("device"));
                            }
                            device__ = map_.next_value()?;
                        }
                        GeneratedField::ExpiresAt => {
                            if expires_at__.is_some() {
                                return Err(serde::de::Error::duplicate_field("expiresAt"));
                            }
                            expires_at__ = map_.next_value()?;
                        }
                        GeneratedField::Download => {
                            if rpc__.is_some() {
                                return Err(serde::de::Error::duplicate_field("download"));
                            }
                            rpc__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_command::Rpc::Download)
;
                        }
                        GeneratedField::SetParameterValues => {
                            if rpc__.is_some() {
                                return Err(serde::de::Error::duplicate_field("setParameterValues"));
                            }
                            rpc__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_command::Rpc::SetParameterValues)
;
                        }
                        GeneratedField::GetParameterValues => {
                            if rpc__.is_some() {
                                return Err(serde::de::Error::duplicate_field("getParameterValues"));
                            }
                            rpc__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_command::Rpc::GetParameterValues)
;
                        }
                        GeneratedField::GetParameterNames => {
                            if rpc__.is_some() {
                                return Err(serde::de::Error::duplicate_field("getParameterNames"));
                            }
                            rpc__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_command::Rpc::GetParameterNames)
;
                        }
                        GeneratedField::CancelTransfer => {
                            if rpc__.is_some() {
                                return Err(serde::de::Error::duplicate_field("cancelTransfer"));
                            }
                            rpc__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_command::Rpc::CancelTransfer)
;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(CpeCommand {
                    command_id: command_id__.unwrap_or_default(),
                    device: device__,
                    expires_at: expires_at__,
                    rpc: rpc__,
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.CpeCommand", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CpeEvent {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.device.is_some() {
            len += 1;
        }
        if !self.command_id.is_empty() {
            len += 1;
        }
        if !self.command_key.is_empty() {
            len += 1;
        }
        if self.observed_at.is_some() {
            len += 1;
        }
        if self.event.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.CpeEvent", len)?;
        if let Some(v) = self.device.as_ref() {
            struct_ser.serialize_field("device", v)?;
        }
        if !self.command_id.is_empty() {
            struct_ser.serialize_field("commandId", &self.command_id)?;
        }
        if !self.command_key.is_empty() {
            struct_ser.serialize_field("commandKey", &self.command_key)?;
        }
        if let Some(v) = self.observed_at.as_ref() {
            struct_ser.serialize_field("observedAt", v)?;
        }
        if let Some(v) = self.event.as_ref() {
            match v {
                cpe_event::Event::DownloadResponse(v) => {
                    struct_ser.serialize_field("downloadResponse", v)?;
                }
                cpe_event::Event::TransferComplete(v) => {
                    struct_ser.serialize_field("transferComplete", v)?;
                }
                cpe_event::Event::SetParameterValuesResponse(v) => {
                    struct_ser.serialize_field("setParameterValuesResponse", v)?;
                }
                cpe_event::Event::GetParameterValuesResponse(v) => {
                    struct_ser.serialize_field("getParameterValuesResponse", v)?;
                }
                cpe_event::Event::GetParameterNamesResponse(v) => {
                    struct_ser.serialize_field("getParameterNamesResponse", v)?;
                }
                cpe_event::Event::CancelTransferResponse(v) => {
                    struct_ser.serialize_field("cancelTransferResponse", v)?;
                }
                cpe_event::Event::Fault(v) => {
                    struct_ser.serialize_field("fault", v)?;
                }
                cpe_event::Event::Rejection(v) => {
                    struct_ser.serialize_field("rejection", v)?;
                }
                cpe_event::Event::AutonomousTransferComplete(v) => {
                    struct_ser.serialize_field("autonomousTransferComplete", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CpeEvent {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "device",
            "command_id",
            "commandId",
            "command_key",
            "commandKey",
            "observed_at",
            "observedAt",
            "download_response",
            "downloadResponse",
            "transfer_complete",
            "transferComplete",
            "set_parameter_values_response",
            "setParameterValuesResponse",
            "get_parameter_values_response",
            "getParameterValuesResponse",
            "get_parameter_names_response",
            "getParameterNamesResponse",
            "cancel_transfer_response",
            "cancelTransferResponse",
            "fault",
            "rejection",
            "autonomous_transfer_complete",
            "autonomousTransferComplete",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Device,
            CommandId,
            CommandKey,
            ObservedAt,
            DownloadResponse,
            TransferComplete,
            SetParameterValuesResponse,
            GetParameterValuesResponse,
            GetParameterNamesResponse,
            CancelTransferResponse,
            Fault,
            Rejection,
            AutonomousTransferComplete,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "device" => Ok(GeneratedField::Device),
                            "commandId" | "command_id" => Ok(GeneratedField::CommandId),
                            "commandKey" | "command_key" => Ok(GeneratedField::CommandKey),
                            "observedAt" | "observed_at" => Ok(GeneratedField::ObservedAt),
                            "downloadResponse" | "download_response" => Ok(GeneratedField::DownloadResponse),
                            "transferComplete" | "transfer_complete" => Ok(GeneratedField::TransferComplete),
                            "setParameterValuesResponse" | "set_parameter_values_response" => Ok(GeneratedField::SetParameterValuesResponse),
                            "getParameterValuesResponse" | "get_parameter_values_response" => Ok(GeneratedField::GetParameterValuesResponse),
                            "getParameterNamesResponse" | "get_parameter_names_response" => Ok(GeneratedField::GetParameterNamesResponse),
                            "cancelTransferResponse" | "cancel_transfer_response" => Ok(GeneratedField::CancelTransferResponse),
                            "fault" => Ok(GeneratedField::Fault),
                            "rejection" => Ok(GeneratedField::Rejection),
                            "autonomousTransferComplete" | "autonomous_transfer_complete" => Ok(GeneratedField::AutonomousTransferComplete),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CpeEvent;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.CpeEvent")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CpeEvent, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut device__ = None;
                let mut command_id__ = None;
                let mut command_key__ = None;
                let mut observed_at__ = None;
                let mut event__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Device => {
                            if device__.is_some() {
                                return Err(serde::de::Error::duplicate_field("device"));
                            }
                            device__ = map_.next_value()?;
                        }
                        GeneratedField::CommandId => {
                            if command_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commandId"));
                            }
                            command_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::CommandKey => {
                            if command_key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commandKey"));
                            }
                            command_key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ObservedAt => {
                            if observed_at__.is_some() {
                                return Err(serde::de::Error::duplicate_field("observedAt"));
                            }
                            observed_at__ = map_.next_value()?;
                        }
                        GeneratedField::DownloadResponse => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("downloadResponse"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::DownloadResponse)
;
                        }
                        GeneratedField::TransferComplete => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("transferComplete"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::TransferComplete)
;
                        }
                        GeneratedField::SetParameterValuesResponse => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("setParameterValuesResponse"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::SetParameterValuesResponse)
;
                        }
                        GeneratedField::GetParameterValuesResponse => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("getParameterValuesResponse"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::GetParameterValuesResponse)
;
                        }
                        GeneratedField::GetParameterNamesResponse => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("getParameterNamesResponse"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::GetParameterNamesResponse)
;
                        }
                        GeneratedField::CancelTransferResponse => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("cancelTransferResponse"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::CancelTransferResponse)
;
                        }
                        GeneratedField::Fault => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("fault"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::Fault)
;
                        }
                        GeneratedField::Rejection => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("rejection"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::Rejection)
;
                        }
                        GeneratedField::AutonomousTransferComplete => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("autonomousTransferComplete"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(cpe_event::Event::AutonomousTransferComplete)
;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(CpeEvent {
                    device: device__,
                    command_id: command_id__.unwrap_or_default(),
                    command_key: command_key__.unwrap_or_default(),
                    observed_at: observed_at__,
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.CpeEvent", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CreateRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.request_identifier.is_empty() {
            len += 1;
        }
        if !self.from.is_empty() {
            len += 1;
        }
        if !self.to.is_empty() {
            len += 1;
        }
        if self.device.is_some() {
            len += 1;
        }
        if !self.release_version_indicator.is_empty() {
            len += 1;
        }
        if self.response_type != 0 {
            len += 1;
        }
        if !self.notification_uris.is_empty() {
            len += 1;
        }
        if !self.request_expiration_timestamp.is_empty() {
            len += 1;
        }
        if !self.result_expiration_timestamp.is_empty() {
            len += 1;
        }
        if !self.operation_execution_time.is_empty() {
            len += 1;
        }
        if self.result_content.is_some() {
            len += 1;
        }
        if !self.suids.is_empty() {
            len += 1;
        }
        if !self.my_cert_file_format.is_empty() {
            len += 1;
        }
        if !self.my_cert_file_content.is_empty() {
            len += 1;
        }
        if !self.object_paths.is_empty() {
            len += 1;
        }
        if !self.resource_name.is_empty() {
            len += 1;
        }
        if !self.command_key.is_empty() {
            len += 1;
        }
        if !self.originating_timestamp.is_empty() {
            len += 1;
        }
        if self.operation != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.CreateRequest", len)?;
        if !self.request_identifier.is_empty() {
            struct_ser.serialize_field("requestIdentifier", &self.request_identifier)?;
        }
        if !self.from.is_empty() {
            struct_ser.serialize_field("from", &self.from)?;
        }
        if !self.to.is_empty() {
            struct_ser.serialize_field("to", &self.to)?;
        }
        if let Some(v) = self.device.as_ref() {
            struct_ser.serialize_field("device", v)?;
        }
        if !self.release_version_indicator.is_empty() {
            struct_ser.serialize_field("releaseVersionIndicator", &self.release_version_indicator)?;
        }
        if self.response_type != 0 {
            struct_ser.serialize_field("responseType", &self.response_type)?;
        }
        if !self.notification_uris.is_empty() {
            struct_ser.serialize_field("notificationUris", &self.notification_uris)?;
        }
        if !self.request_expiration_timestamp.is_empty() {
            struct_ser.serialize_field("requestExpirationTimestamp", &self.request_expiration_timestamp)?;
        }
        if !self.result_expiration_timestamp.is_empty() {
            struct_ser.serialize_field("resultExpirationTimestamp", &self.result_expiration_timestamp)?;
        }
        if !self.operation_execution_time.is_empty() {
            struct_ser.serialize_field("operationExecutionTime", &self.operation_execution_time)?;
        }
        if let Some(v) = self.result_content.as_ref() {
            struct_ser.serialize_field("resultContent", v)?;
        }
        if !self.suids.is_empty() {
            struct_ser.serialize_field("suids", &self.suids)?;
        }
        if !self.my_cert_file_format.is_empty() {
            struct_ser.serialize_field("myCertFileFormat", &self.my_cert_file_format)?;
        }
        if !self.my_cert_file_content.is_empty() {
            struct_ser.serialize_field("myCertFileContent", &self.my_cert_file_content)?;
        }
        if !self.object_paths.is_empty() {
            struct_ser.serialize_field("objectPaths", &self.object_paths)?;
        }
        if !self.resource_name.is_empty() {
            struct_ser.serialize_field("resourceName", &self.resource_name)?;
        }
        if !self.command_key.is_empty() {
            struct_ser.serialize_field("commandKey", &self.command_key)?;
        }
        if !self.originating_timestamp.is_empty() {
            struct_ser.serialize_field("originatingTimestamp", &self.originating_timestamp)?;
        }
        if self.operation != 0 {
            struct_ser.serialize_field("operation", &self.operation)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CreateRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "request_identifier",
            "requestIdentifier",
            "from",
            "to",
            "device",
            "release_version_indicator",
            "releaseVersionIndicator",
            "response_type",
            "responseType",
            "notification_uris",
            "notificationUris",
            "request_expiration_timestamp",
            "requestExpirationTimestamp",
            "result_expiration_timestamp",
            "resultExpirationTimestamp",
            "operation_execution_time",
            "operationExecutionTime",
            "result_content",
            "resultContent",
            "suids",
            "my_cert_file_format",
            "myCertFileFormat",
            "my_cert_file_content",
            "myCertFileContent",
            "object_paths",
            "objectPaths",
            "resource_name",
            "resourceName",
            "command_key",
            "commandKey",
            "originating_timestamp",
            "originatingTimestamp",
            "operation",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            RequestIdentifier,
            From,
            To,
            Device,
            ReleaseVersionIndicator,
            ResponseType,
            NotificationUris,
            RequestExpirationTimestamp,
            ResultExpirationTimestamp,
            OperationExecutionTime,
            ResultContent,
            Suids,
            MyCertFileFormat,
            MyCertFileContent,
            ObjectPaths,
            ResourceName,
            CommandKey,
            OriginatingTimestamp,
            Operation,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "requestIdentifier" | "request_identifier" => Ok(GeneratedField::RequestIdentifier),
                            "from" => Ok(GeneratedField::From),
                            "to" => Ok(GeneratedField::To),
                            "device" => Ok(GeneratedField::Device),
                            "releaseVersionIndicator" | "release_version_indicator" => Ok(GeneratedField::ReleaseVersionIndicator),
                            "responseType" | "response_type" => Ok(GeneratedField::ResponseType),
                            "notificationUris" | "notification_uris" => Ok(GeneratedField::NotificationUris),
                            "requestExpirationTimestamp" | "request_expiration_timestamp" => Ok(GeneratedField::RequestExpirationTimestamp),
                            "resultExpirationTimestamp" | "result_expiration_timestamp" => Ok(GeneratedField::ResultExpirationTimestamp),
                            "operationExecutionTime" | "operation_execution_time" => Ok(GeneratedField::OperationExecutionTime),
                            "resultContent" | "result_content" => Ok(GeneratedField::ResultContent),
                            "suids" => Ok(GeneratedField::Suids),
                            "myCertFileFormat" | "my_cert_file_format" => Ok(GeneratedField::MyCertFileFormat),
                            "myCertFileContent" | "my_cert_file_content" => Ok(GeneratedField::MyCertFileContent),
                            "objectPaths" | "object_paths" => Ok(GeneratedField::ObjectPaths),
                            "resourceName" | "resource_name" => Ok(GeneratedField::ResourceName),
                            "commandKey" | "command_key" => Ok(GeneratedField::CommandKey),
                            "originatingTimestamp" | "originating_timestamp" => Ok(GeneratedField::OriginatingTimestamp),
                            "operation" => Ok(GeneratedField::Operation),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CreateRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.CreateRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CreateRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut request_identifier__ = None;
                let mut from__ = None;
                let mut to__ = None;
                let mut device__ = None;
                let mut release_version_indicator__ = None;
                let mut response_type__ = None;
                let mut notification_uris__ = None;
                let mut request_expiration_timestamp__ = None;
                let mut result_expiration_timestamp__ = None;
                let mut operation_execution_time__ = None;
                let mut result_content__ = None;
                let mut suids__ = None;
                let mut my_cert_file_format__ = None;
                let mut my_cert_file_content__ = None;
                let mut object_paths__ = None;
                let mut resource_name__ = None;
                let mut command_key__ = None;
                let mut originating_timestamp__ = None;
                let mut operation__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::RequestIdentifier => {
                            if request_identifier__.is_some() {
                                return Err(serde::de::Error::duplicate_field("requestIdentifier"));
                            }
                            request_identifier__ = Some(map_.next_value()?);
                        }
                        GeneratedField::From => {
                            if from__.is_some() {
                                return Err(serde::de::Error::duplicate_field("from"));
                            }
                            from__ = Some(map_.next_value()?);
                        }
                        GeneratedField::To => {
                            if to__.is_some() {
                                return Err(serde::de::Error::duplicate_field("to"));
                            }
                            to__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Device => {
                            if device__.is_some() {
                                return Err(serde::de::Error::duplicate_field("device"));
                            }
                            device__ = map_.next_value()?;
                        }
                        GeneratedField::ReleaseVersionIndicator => {
                            if release_version_indicator__.is_some() {
                                return Err(serde::de::Error::duplicate_field("releaseVersionIndicator"));
                            }
                            release_version_indicator__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ResponseType => {
                            if response_type__.is_some() {
                                return Err(serde::de::Error::duplicate_field("responseType"));
                            }
                            response_type__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::NotificationUris => {
                            if notification_uris__.is_some() {
                                return Err(serde::de::Error::duplicate_field("notificationUris"));
                            }
                            notification_uris__ = Some(map_.next_value()?);
                        }
                        GeneratedField::RequestExpirationTimestamp => {
                            if request_expiration_timestamp__.is_some() {
                                return Err(serde::de::Error::duplicate_field("requestExpirationTimestamp"));
                            }
                            request_expiration_timestamp__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ResultExpirationTimestamp => {
                            if result_expiration_timestamp__.is_some() {
                                return Err(serde::de::Error::duplicate_field("resultExpirationTimestamp"));
                            }
                            result_expiration_timestamp__ = Some(map_.next_value()?);
                        }
                        GeneratedField::OperationExecutionTime => {
                            if operation_execution_time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("operationExecutionTime"));
                            }
                            operation_execution_time__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ResultContent => {
                            if result_content__.is_some() {
                                return Err(serde::de::Error::duplicate_field("resultContent"));
                            }
                            result_content__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Suids => {
                            if suids__.is_some() {
                                return Err(serde::de::Error::duplicate_field("suids"));
                            }
                            suids__ = 
                                Some(map_.next_value::<Vec<::pbjson::private::NumberDeserialize<_>>>()?
                                    .into_iter().map(|x| x.0).collect())
                            ;
                        }
                        GeneratedField::MyCertFileFormat => {
                            if my_cert_file_format__.is_some() {
                                return Err(serde::de::Error::duplicate_field("myCertFileFormat"));
                            }
                            my_cert_file_format__ = Some(map_.next_value()?);
                        }
                        GeneratedField::MyCertFileContent => {
                            if my_cert_file_content__.is_some() {
                                return Err(serde::de::Error::duplicate_field("myCertFileContent"));
                            }
                            my_cert_file_content__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ObjectPaths => {
                            if object_paths__.is_some() {
                                return Err(serde::de::Error::duplicate_field("objectPaths"));
                            }
                            object_paths__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ResourceName => {
                            if resource_name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("resourceName"));
                            }
                            resource_name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::CommandKey => {
                            if command_key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commandKey"));
                            }
                            command_key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::OriginatingTimestamp => {
                            if originating_timestamp__.is_some() {
                                return Err(serde::de::Error::duplicate_field("originatingTimestamp"));
                            }
                            originating_timestamp__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Operation => {
                            if operation__.is_some() {
                                return Err(serde::de::Error::duplicate_field("operation"));
                            }
                            operation__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(CreateRequest {
                    request_identifier: request_identifier__.unwrap_or_default(),
                    from: from__.unwrap_or_default(),
                    to: to__.unwrap_or_default(),
                    device: device__,
                    release_version_indicator: release_version_indicator__.unwrap_or_default(),
                    response_type: response_type__.unwrap_or_default(),
                    notification_uris: notification_uris__.unwrap_or_default(),
                    request_expiration_timestamp: request_expiration_timestamp__.unwrap_or_default(),
                    result_expiration_timestamp: result_expiration_timestamp__.unwrap_or_default(),
                    operation_execution_time: operation_execution_time__.unwrap_or_default(),
                    result_content: result_content__,
                    suids: suids__.unwrap_or_default(),
                    my_cert_file_format: my_cert_file_format__.unwrap_or_default(),
                    my_cert_file_content: my_cert_file_content__.unwrap_or_default(),
                    object_paths: object_paths__.unwrap_or_default(),
                    resource_name: resource_name__.unwrap_or_default(),
                    command_key: command_key__.unwrap_or_default(),
                    originating_timestamp: originating_timestamp__.unwrap_or_default(),
                    operation: operation__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.CreateRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CreateResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.response_status_code != 0 {
            len += 1;
        }
        if !self.request_identifier.is_empty() {
            len += 1;
        }
        if !self.to.is_empty() {
            len += 1;
        }
        if !self.from.is_empty() {
            len += 1;
        }
        if !self.release_version_indicator.is_empty() {
            len += 1;
        }
        if !self.debug.is_empty() {
            len += 1;
        }
        if !self.content.is_empty() {
            len += 1;
        }
        if self.device.is_some() {
            len += 1;
        }
        if !self.command_key.is_empty() {
            len += 1;
        }
        if self.fault_code != 0 {
            len += 1;
        }
        if !self.certificate_path.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.CreateResponse", len)?;
        if self.response_status_code != 0 {
            struct_ser.serialize_field("responseStatusCode", &self.response_status_code)?;
        }
        if !self.request_identifier.is_empty() {
            struct_ser.serialize_field("requestIdentifier", &self.request_identifier)?;
        }
        if !self.to.is_empty() {
            struct_ser.serialize_field("to", &self.to)?;
        }
        if !self.from.is_empty() {
            struct_ser.serialize_field("from", &self.from)?;
        }
        if !self.release_version_indicator.is_empty() {
            struct_ser.serialize_field("releaseVersionIndicator", &self.release_version_indicator)?;
        }
        if !self.debug.is_empty() {
            struct_ser.serialize_field("debug", &self.debug)?;
        }
        if !self.content.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("content", pbjson::private::base64::encode(&self.content).as_str())?;
        }
        if let Some(v) = self.device.as_ref() {
            struct_ser.serialize_field("device", v)?;
        }
        if !self.command_key.is_empty() {
            struct_ser.serialize_field("commandKey", &self.command_key)?;
        }
        if self.fault_code != 0 {
            struct_ser.serialize_field("faultCode", &self.fault_code)?;
        }
        if !self.certificate_path.is_empty() {
            struct_ser.serialize_field("certificatePath", &self.certificate_path)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CreateResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "response_status_code",
            "responseStatusCode",
            "request_identifier",
            "requestIdentifier",
            "to",
            "from",
            "release_version_indicator",
            "releaseVersionIndicator",
            "debug",
            "content",
            "device",
            "command_key",
            "commandKey",
            "fault_code",
            "faultCode",
            "certificate_path",
            "certificatePath",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ResponseStatusCode,
            RequestIdentifier,
            To,
            From,
            ReleaseVersionIndicator,
            Debug,
            Content,
            Device,
            CommandKey,
            FaultCode,
            CertificatePath,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "responseStatusCode" | "response_status_code" => Ok(GeneratedField::ResponseStatusCode),
                            "requestIdentifier" | "request_identifier" => Ok(GeneratedField::RequestIdentifier),
                            "to" => Ok(GeneratedField::To),
                            "from" => Ok(GeneratedField::From),
                            "releaseVersionIndicator" | "release_version_indicator" => Ok(GeneratedField::ReleaseVersionIndicator),
                            "debug" => Ok(GeneratedField::Debug),
                            "content" => Ok(GeneratedField::Content),
                            "device" => Ok(GeneratedField::Device),
                            "commandKey" | "command_key" => Ok(GeneratedField::CommandKey),
                            "faultCode" | "fault_code" => Ok(GeneratedField::FaultCode),
                            "certificatePath" | "certificate_path" => Ok(GeneratedField::CertificatePath),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CreateResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.CreateResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CreateResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut response_status_code__ = None;
                let mut request_identifier__ = None;
                let mut to__ = None;
                let mut from__ = None;
                let mut release_version_indicator__ = None;
                let mut debug__ = None;
                let mut content__ = None;
                let mut device__ = None;
                let mut command_key__ = None;
                let mut fault_code__ = None;
                let mut certificate_path__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ResponseStatusCode => {
                            if response_status_code__.is_some() {
                                return Err(serde::de::Error::duplicate_field("responseStatusCode"));
                            }
                            response_status_code__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::RequestIdentifier => {
                            if request_identifier__.is_some() {
                                return Err(serde::de::Error::duplicate_field("requestIdentifier"));
                            }
                            request_identifier__ = Some(map_.next_value()?);
                        }
                        GeneratedField::To => {
                            if to__.is_some() {
                                return Err(serde::de::Error::duplicate_field("to"));
                            }
                            to__ = Some(map_.next_value()?);
                        }
                        GeneratedField::From => {
                            if from__.is_some() {
                                return Err(serde::de::Error::duplicate_field("from"));
                            }
                            from__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ReleaseVersionIndicator => {
                            if release_version_indicator__.is_some() {
                                return Err(serde::de::Error::duplicate_field("releaseVersionIndicator"));
                            }
                            release_version_indicator__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Debug => {
                            if debug__.is_some() {
                                return Err(serde::de::Error::duplicate_field("debug"));
                            }
                            debug__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Content => {
                            if content__.is_some() {
                                return Err(serde::de::Error::duplicate_field("content"));
                            }
                            content__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Device => {
                            if device__.is_some() {
                                return Err(serde::de::Error::duplicate_field("device"));
                            }
                            device__ = map_.next_value()?;
                        }
                        GeneratedField::CommandKey => {
                            if command_key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commandKey"));
                            }
                            command_key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::FaultCode => {
                            if fault_code__.is_some() {
                                return Err(serde::de::Error::duplicate_field("faultCode"));
                            }
                            fault_code__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::CertificatePath => {
                            if certificate_path__.is_some() {
                                return Err(serde::de::Error::duplicate_field("certificatePath"));
                            }
                            certificate_path__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(CreateResponse {
                    response_status_code: response_status_code__.unwrap_or_default(),
                    request_identifier: request_identifier__.unwrap_or_default(),
                    to: to__.unwrap_or_default(),
                    from: from__.unwrap_or_default(),
                    release_version_indicator: release_version_indicator__.unwrap_or_default(),
                    debug: debug__.unwrap_or_default(),
                    content: content__.unwrap_or_default(),
                    device: device__,
                    command_key: command_key__.unwrap_or_default(),
                    fault_code: fault_code__.unwrap_or_default(),
                    certificate_path: certificate_path__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.CreateResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DeviceId {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.oui.is_empty() {
            len += 1;
        }
        if !self.product_class.is_empty() {
            len += 1;
        }
        if !self.serial_number.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.DeviceId", len)?;
        if !self.oui.is_empty() {
            struct_ser.serialize_field("oui", &self.oui)?;
        }
        if !self.product_class.is_empty() {
            struct_ser.serialize_field("productClass", &self.product_class)?;
        }
        if !self.serial_number.is_empty() {
            struct_ser.serialize_field("serialNumber", &self.serial_number)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DeviceId {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "oui",
            "product_class",
            "productClass",
            "serial_number",
            "serialNumber",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Oui,
            ProductClass,
            SerialNumber,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "oui" => Ok(GeneratedField::Oui),
                            "productClass" | "product_class" => Ok(GeneratedField::ProductClass),
                            "serialNumber" | "serial_number" => Ok(GeneratedField::SerialNumber),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DeviceId;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.DeviceId")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DeviceId, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut oui__ = None;
                let mut product_class__ = None;
                let mut serial_number__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Oui => {
                            if oui__.is_some() {
                                return Err(serde::de::Error::duplicate_field("oui"));
                            }
                            oui__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ProductClass => {
                            if product_class__.is_some() {
                                return Err(serde::de::Error::duplicate_field("productClass"));
                            }
                            product_class__ = Some(map_.next_value()?);
                        }
                        GeneratedField::SerialNumber => {
                            if serial_number__.is_some() {
                                return Err(serde::de::Error::duplicate_field("serialNumber"));
                            }
                            serial_number__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(DeviceId {
                    oui: oui__.unwrap_or_default(),
                    product_class: product_class__.unwrap_or_default(),
                    serial_number: serial_number__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.DeviceId", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Download {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.command_key.is_empty() {
            len += 1;
        }
        if !self.file_type.is_empty() {
            len += 1;
        }
        if !self.url.is_empty() {
            len += 1;
        }
        if !self.username.is_empty() {
            len += 1;
        }
        if !self.password.is_empty() {
            len += 1;
        }
        if self.file_size != 0 {
            len += 1;
        }
        if !self.target_file_name.is_empty() {
            len += 1;
        }
        if self.delay_seconds != 0 {
            len += 1;
        }
        if !self.success_url.is_empty() {
            len += 1;
        }
        if !self.failure_url.is_empty() {
            len += 1;
        }
        if !self.content.is_empty() {
            len += 1;
        }
        if !self.content_type.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.Download", len)?;
        if !self.command_key.is_empty() {
            struct_ser.serialize_field("commandKey", &self.command_key)?;
        }
        if !self.file_type.is_empty() {
            struct_ser.serialize_field("fileType", &self.file_type)?;
        }
        if !self.url.is_empty() {
            struct_ser.serialize_field("url", &self.url)?;
        }
        if !self.username.is_empty() {
            struct_ser.serialize_field("username", &self.username)?;
        }
        if !self.password.is_empty() {
            struct_ser.serialize_field("password", &self.password)?;
        }
        if self.file_size != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("fileSize", ToString::to_string(&self.file_size).as_str())?;
        }
        if !self.target_file_name.is_empty() {
            struct_ser.serialize_field("targetFileName", &self.target_file_name)?;
        }
        if self.delay_seconds != 0 {
            struct_ser.serialize_field("delaySeconds", &self.delay_seconds)?;
        }
        if !self.success_url.is_empty() {
            struct_ser.serialize_field("successUrl", &self.success_url)?;
        }
        if !self.failure_url.is_empty() {
            struct_ser.serialize_field("failureUrl", &self.failure_url)?;
        }
        if !self.content.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("content", pbjson::private::base64::encode(&self.content).as_str())?;
        }
        if !self.content_type.is_empty() {
            struct_ser.serialize_field("contentType", &self.content_type)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Download {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "command_key",
            "commandKey",
            "file_type",
            "fileType",
            "url",
            "username",
            "password",
            "file_size",
            "fileSize",
            "target_file_name",
            "targetFileName",
            "delay_seconds",
            "delaySeconds",
            "success_url",
            "successUrl",
            "failure_url",
            "failureUrl",
            "content",
            "content_type",
            "contentType",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            CommandKey,
            FileType,
            Url,
            Username,
            Password,
            FileSize,
            TargetFileName,
            DelaySeconds,
            SuccessUrl,
            FailureUrl,
            Content,
            ContentType,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "commandKey" | "command_key" => Ok(GeneratedField::CommandKey),
                            "fileType" | "file_type" => Ok(GeneratedField::FileType),
                            "url" => Ok(GeneratedField::Url),
                            "username" => Ok(GeneratedField::Username),
                            "password" => Ok(GeneratedField::Password),
                            "fileSize" | "file_size" => Ok(GeneratedField::FileSize),
                            "targetFileName" | "target_file_name" => Ok(GeneratedField::TargetFileName),
                            "delaySeconds" | "delay_seconds" => Ok(GeneratedField::DelaySeconds),
                            "successUrl" | "success_url" => Ok(GeneratedField::SuccessUrl),
                            "failureUrl" | "failure_url" => Ok(GeneratedField::FailureUrl),
                            "content" => Ok(GeneratedField::Content),
                            "contentType" | "content_type" => Ok(GeneratedField::ContentType),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Download;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.Download")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Download, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut command_key__ = None;
                let mut file_type__ = None;
                let mut url__ = None;
                let mut username__ = None;
                let mut password__ = None;
                let mut file_size__ = None;
                let mut target_file_name__ = None;
                let mut delay_seconds__ = None;
                let mut success_url__ = None;
                let mut failure_url__ = None;
                let mut content__ = None;
                let mut content_type__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::CommandKey => {
                            if command_key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commandKey"));
                            }
                            command_key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::FileType => {
                            if file_type__.is_some() {
                                return Err(serde::de::Error::duplicate_field("fileType"));
                            }
                            file_type__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Url => {
                            if url__.is_some() {
                                return Err(serde::de::Error::duplicate_field("url"));
                            }
                            url__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Username => {
                            if username__.is_some() {
                                return Err(serde::de::Error::duplicate_field("username"));
                            }
                            username__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Password => {
                            if password__.is_some() {
                                return Err(serde::de::Error::duplicate_field("password"));
                            }
                            password__ = Some(map_.next_value()?);
                        }
                        GeneratedField::FileSize => {
                            if file_size__.is_some() {
                                return Err(serde::de::Error::duplicate_field("fileSize"));
                            }
                            file_size__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::TargetFileName => {
                            if target_file_name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("targetFileName"));
                            }
                            target_file_name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::DelaySeconds => {
                            if delay_seconds__.is_some() {
                                return Err(serde::de::Error::duplicate_field("delaySeconds"));
                            }
                            delay_seconds__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::SuccessUrl => {
                            if success_url__.is_some() {
                                return Err(serde::de::Error::duplicate_field("successUrl"));
                            }
                            success_url__ = Some(map_.next_value()?);
                        }
                        GeneratedField::FailureUrl => {
                            if failure_url__.is_some() {
                                return Err(serde::de::Error::duplicate_field("failureUrl"));
                            }
                            failure_url__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Content => {
                            if content__.is_some() {
                                return Err(serde::de::Error::duplicate_field("content"));
                            }
                            content__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::ContentType => {
                            if content_type__.is_some() {
                                return Err(serde::de::Error::duplicate_field("contentType"));
                            }
                            content_type__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Download {
                    command_key: command_key__.unwrap_or_default(),
                    file_type: file_type__.unwrap_or_default(),
                    url: url__.unwrap_or_default(),
                    username: username__.unwrap_or_default(),
                    password: password__.unwrap_or_default(),
                    file_size: file_size__.unwrap_or_default(),
                    target_file_name: target_file_name__.unwrap_or_default(),
                    delay_seconds: delay_seconds__.unwrap_or_default(),
                    success_url: success_url__.unwrap_or_default(),
                    failure_url: failure_url__.unwrap_or_default(),
                    content: content__.unwrap_or_default(),
                    content_type: content_type__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.Download", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DownloadResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.status != 0 {
            len += 1;
        }
        if !self.start_time.is_empty() {
            len += 1;
        }
        if !self.complete_time.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.DownloadResponse", len)?;
        if self.status != 0 {
            struct_ser.serialize_field("status", &self.status)?;
        }
        if !self.start_time.is_empty() {
            struct_ser.serialize_field("startTime", &self.start_time)?;
        }
        if !self.complete_time.is_empty() {
            struct_ser.serialize_field("completeTime", &self.complete_time)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DownloadResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "status",
            "start_time",
            "startTime",
            "complete_time",
            "completeTime",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Status,
            StartTime,
            CompleteTime,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "status" => Ok(GeneratedField::Status),
                            "startTime" | "start_time" => Ok(GeneratedField::StartTime),
                            "completeTime" | "complete_time" => Ok(GeneratedField::CompleteTime),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DownloadResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.DownloadResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DownloadResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut status__ = None;
                let mut start_time__ = None;
                let mut complete_time__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Status => {
                            if status__.is_some() {
                                return Err(serde::de::Error::duplicate_field("status"));
                            }
                            status__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::StartTime => {
                            if start_time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("startTime"));
                            }
                            start_time__ = Some(map_.next_value()?);
                        }
                        GeneratedField::CompleteTime => {
                            if complete_time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("completeTime"));
                            }
                            complete_time__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(DownloadResponse {
                    status: status__.unwrap_or_default(),
                    start_time: start_time__.unwrap_or_default(),
                    complete_time: complete_time__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.DownloadResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Fault {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.fault_code != 0 {
            len += 1;
        }
        if !self.fault_string.is_empty() {
            len += 1;
        }
        if !self.set_parameter_values_faults.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.Fault", len)?;
        if self.fault_code != 0 {
            struct_ser.serialize_field("faultCode", &self.fault_code)?;
        }
        if !self.fault_string.is_empty() {
            struct_ser.serialize_field("faultString", &self.fault_string)?;
        }
        if !self.set_parameter_values_faults.is_empty() {
            struct_ser.serialize_field("setParameterValuesFaults", &self.set_parameter_values_faults)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Fault {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "fault_code",
            "faultCode",
            "fault_string",
            "faultString",
            "set_parameter_values_faults",
            "setParameterValuesFaults",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            FaultCode,
            FaultString,
            SetParameterValuesFaults,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "faultCode" | "fault_code" => Ok(GeneratedField::FaultCode),
                            "faultString" | "fault_string" => Ok(GeneratedField::FaultString),
                            "setParameterValuesFaults" | "set_parameter_values_faults" => Ok(GeneratedField::SetParameterValuesFaults),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Fault;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.Fault")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Fault, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut fault_code__ = None;
                let mut fault_string__ = None;
                let mut set_parameter_values_faults__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::FaultCode => {
                            if fault_code__.is_some() {
                                return Err(serde::de::Error::duplicate_field("faultCode"));
                            }
                            fault_code__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::FaultString => {
                            if fault_string__.is_some() {
                                return Err(serde::de::Error::duplicate_field("faultString"));
                            }
                            fault_string__ = Some(map_.next_value()?);
                        }
                        GeneratedField::SetParameterValuesFaults => {
                            if set_parameter_values_faults__.is_some() {
                                return Err(serde::de::Error::duplicate_field("setParameterValuesFaults"));
                            }
                            set_parameter_values_faults__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Fault {
                    fault_code: fault_code__.unwrap_or_default(),
                    fault_string: fault_string__.unwrap_or_default(),
                    set_parameter_values_faults: set_parameter_values_faults__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.Fault", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for FaultStruct {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.fault_code != 0 {
            len += 1;
        }
        if !self.fault_string.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.FaultStruct", len)?;
        if self.fault_code != 0 {
            struct_ser.serialize_field("faultCode", &self.fault_code)?;
        }
        if !self.fault_string.is_empty() {
            struct_ser.serialize_field("faultString", &self.fault_string)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for FaultStruct {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "fault_code",
            "faultCode",
            "fault_string",
            "faultString",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            FaultCode,
            FaultString,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "faultCode" | "fault_code" => Ok(GeneratedField::FaultCode),
                            "faultString" | "fault_string" => Ok(GeneratedField::FaultString),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = FaultStruct;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.FaultStruct")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<FaultStruct, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut fault_code__ = None;
                let mut fault_string__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::FaultCode => {
                            if fault_code__.is_some() {
                                return Err(serde::de::Error::duplicate_field("faultCode"));
                            }
                            fault_code__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::FaultString => {
                            if fault_string__.is_some() {
                                return Err(serde::de::Error::duplicate_field("faultString"));
                            }
                            fault_string__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(FaultStruct {
                    fault_code: fault_code__.unwrap_or_default(),
                    fault_string: fault_string__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.FaultStruct", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetParameterNames {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.path.is_empty() {
            len += 1;
        }
        if self.next_level {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.GetParameterNames", len)?;
        if !self.path.is_empty() {
            struct_ser.serialize_field("path", &self.path)?;
        }
        if self.next_level {
            struct_ser.serialize_field("nextLevel", &self.next_level)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetParameterNames {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "path",
            "next_level",
            "nextLevel",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Path,
            NextLevel,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "path" => Ok(GeneratedField::Path),
                            "nextLevel" | "next_level" => Ok(GeneratedField::NextLevel),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetParameterNames;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.GetParameterNames")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetParameterNames, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut path__ = None;
                let mut next_level__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Path => {
                            if path__.is_some() {
                                return Err(serde::de::Error::duplicate_field("path"));
                            }
                            path__ = Some(map_.next_value()?);
                        }
                        GeneratedField::NextLevel => {
                            if next_level__.is_some() {
                                return Err(serde::de::Error::duplicate_field("nextLevel"));
                            }
                            next_level__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(GetParameterNames {
                    path: path__.unwrap_or_default(),
                    next_level: next_level__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.GetParameterNames", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetParameterNamesResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.parameters.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.GetParameterNamesResponse", len)?;
        if !self.parameters.is_empty() {
            struct_ser.serialize_field("parameters", &self.parameters)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetParameterNamesResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "parameters",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Parameters,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "parameters" => Ok(GeneratedField::Parameters),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetParameterNamesResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.GetParameterNamesResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetParameterNamesResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut parameters__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Parameters => {
                            if parameters__.is_some() {
                                return Err(serde::de::Error::duplicate_field("parameters"));
                            }
                            parameters__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(GetParameterNamesResponse {
                    parameters: parameters__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.GetParameterNamesResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetParameterValues {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.names.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.GetParameterValues", len)?;
        if !self.names.is_empty() {
            struct_ser.serialize_field("names", &self.names)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetParameterValues {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "names",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Names,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "names" => Ok(GeneratedField::Names),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetParameterValues;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.GetParameterValues")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetParameterValues, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut names__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Names => {
                            if names__.is_some() {
                                return Err(serde::de::Error::duplicate_field("names"));
                            }
                            names__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(GetParameterValues {
                    names: names__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.GetParameterValues", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetParameterValuesResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.parameters.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.GetParameterValuesResponse", len)?;
        if !self.parameters.is_empty() {
            struct_ser.serialize_field("parameters", &self.parameters)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetParameterValuesResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "parameters",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Parameters,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "parameters" => Ok(GeneratedField::Parameters),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetParameterValuesResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.GetParameterValuesResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetParameterValuesResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut parameters__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Parameters => {
                            if parameters__.is_some() {
                                return Err(serde::de::Error::duplicate_field("parameters"));
                            }
                            parameters__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(GetParameterValuesResponse {
                    parameters: parameters__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.GetParameterValuesResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ParameterInfo {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.name.is_empty() {
            len += 1;
        }
        if self.writable {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.ParameterInfo", len)?;
        if !self.name.is_empty() {
            struct_ser.serialize_field("name", &self.name)?;
        }
        if self.writable {
            struct_ser.serialize_field("writable", &self.writable)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ParameterInfo {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "name",
            "writable",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Name,
            Writable,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "name" => Ok(GeneratedField::Name),
                            "writable" => Ok(GeneratedField::Writable),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ParameterInfo;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.ParameterInfo")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ParameterInfo, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut name__ = None;
                let mut writable__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Name => {
                            if name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("name"));
                            }
                            name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Writable => {
                            if writable__.is_some() {
                                return Err(serde::de::Error::duplicate_field("writable"));
                            }
                            writable__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ParameterInfo {
                    name: name__.unwrap_or_default(),
                    writable: writable__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.ParameterInfo", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ParameterValue {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.name.is_empty() {
            len += 1;
        }
        if !self.value.is_empty() {
            len += 1;
        }
        if !self.r#type.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.ParameterValue", len)?;
        if !self.name.is_empty() {
            struct_ser.serialize_field("name", &self.name)?;
        }
        if !self.value.is_empty() {
            struct_ser.serialize_field("value", &self.value)?;
        }
        if !self.r#type.is_empty() {
            struct_ser.serialize_field("type", &self.r#type)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ParameterValue {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "name",
            "value",
            "type",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Name,
            Value,
            Type,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "name" => Ok(GeneratedField::Name),
                            "value" => Ok(GeneratedField::Value),
                            "type" => Ok(GeneratedField::Type),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ParameterValue;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.ParameterValue")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ParameterValue, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut name__ = None;
                let mut value__ = None;
                let mut r#type__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Name => {
                            if name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("name"));
                            }
                            name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Value => {
                            if value__.is_some() {
                                return Err(serde::de::Error::duplicate_field("value"));
                            }
                            value__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Type => {
                            if r#type__.is_some() {
                                return Err(serde::de::Error::duplicate_field("type"));
                            }
                            r#type__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(ParameterValue {
                    name: name__.unwrap_or_default(),
                    value: value__.unwrap_or_default(),
                    r#type: r#type__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.ParameterValue", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Rejection {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.reason != 0 {
            len += 1;
        }
        if !self.detail.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.Rejection", len)?;
        if self.reason != 0 {
            let v = rejection::Reason::try_from(self.reason)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.reason)))?;
            struct_ser.serialize_field("reason", &v)?;
        }
        if !self.detail.is_empty() {
            struct_ser.serialize_field("detail", &self.detail)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Rejection {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "reason",
            "detail",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Reason,
            Detail,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "reason" => Ok(GeneratedField::Reason),
                            "detail" => Ok(GeneratedField::Detail),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Rejection;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.Rejection")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Rejection, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut reason__ = None;
                let mut detail__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Reason => {
                            if reason__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reason"));
                            }
                            reason__ = Some(map_.next_value::<rejection::Reason>()? as i32);
                        }
                        GeneratedField::Detail => {
                            if detail__.is_some() {
                                return Err(serde::de::Error::duplicate_field("detail"));
                            }
                            detail__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(Rejection {
                    reason: reason__.unwrap_or_default(),
                    detail: detail__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.Rejection", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for rejection::Reason {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "REASON_UNSPECIFIED",
            Self::DeviceUnavailable => "DEVICE_UNAVAILABLE",
            Self::SessionTimeout => "SESSION_TIMEOUT",
            Self::UnknownDevice => "UNKNOWN_DEVICE",
            Self::RetryLater => "RETRY_LATER",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for rejection::Reason {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "REASON_UNSPECIFIED",
            "DEVICE_UNAVAILABLE",
            "SESSION_TIMEOUT",
            "UNKNOWN_DEVICE",
            "RETRY_LATER",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = rejection::Reason;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "REASON_UNSPECIFIED" => Ok(rejection::Reason::Unspecified),
                    "DEVICE_UNAVAILABLE" => Ok(rejection::Reason::DeviceUnavailable),
                    "SESSION_TIMEOUT" => Ok(rejection::Reason::SessionTimeout),
                    "UNKNOWN_DEVICE" => Ok(rejection::Reason::UnknownDevice),
                    "RETRY_LATER" => Ok(rejection::Reason::RetryLater),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for SetParameterValues {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.parameters.is_empty() {
            len += 1;
        }
        if !self.parameter_key.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.SetParameterValues", len)?;
        if !self.parameters.is_empty() {
            struct_ser.serialize_field("parameters", &self.parameters)?;
        }
        if !self.parameter_key.is_empty() {
            struct_ser.serialize_field("parameterKey", &self.parameter_key)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SetParameterValues {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "parameters",
            "parameter_key",
            "parameterKey",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Parameters,
            ParameterKey,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "parameters" => Ok(GeneratedField::Parameters),
                            "parameterKey" | "parameter_key" => Ok(GeneratedField::ParameterKey),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SetParameterValues;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.SetParameterValues")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SetParameterValues, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut parameters__ = None;
                let mut parameter_key__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Parameters => {
                            if parameters__.is_some() {
                                return Err(serde::de::Error::duplicate_field("parameters"));
                            }
                            parameters__ = Some(map_.next_value()?);
                        }
                        GeneratedField::ParameterKey => {
                            if parameter_key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("parameterKey"));
                            }
                            parameter_key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(SetParameterValues {
                    parameters: parameters__.unwrap_or_default(),
                    parameter_key: parameter_key__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.SetParameterValues", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for SetParameterValuesFault {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.parameter_name.is_empty() {
            len += 1;
        }
        if self.fault_code != 0 {
            len += 1;
        }
        if !self.fault_string.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.SetParameterValuesFault", len)?;
        if !self.parameter_name.is_empty() {
            struct_ser.serialize_field("parameterName", &self.parameter_name)?;
        }
        if self.fault_code != 0 {
            struct_ser.serialize_field("faultCode", &self.fault_code)?;
        }
        if !self.fault_string.is_empty() {
            struct_ser.serialize_field("faultString", &self.fault_string)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SetParameterValuesFault {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "parameter_name",
            "parameterName",
            "fault_code",
            "faultCode",
            "fault_string",
            "faultString",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ParameterName,
            FaultCode,
            FaultString,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "parameterName" | "parameter_name" => Ok(GeneratedField::ParameterName),
                            "faultCode" | "fault_code" => Ok(GeneratedField::FaultCode),
                            "faultString" | "fault_string" => Ok(GeneratedField::FaultString),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SetParameterValuesFault;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.SetParameterValuesFault")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SetParameterValuesFault, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut parameter_name__ = None;
                let mut fault_code__ = None;
                let mut fault_string__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ParameterName => {
                            if parameter_name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("parameterName"));
                            }
                            parameter_name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::FaultCode => {
                            if fault_code__.is_some() {
                                return Err(serde::de::Error::duplicate_field("faultCode"));
                            }
                            fault_code__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::FaultString => {
                            if fault_string__.is_some() {
                                return Err(serde::de::Error::duplicate_field("faultString"));
                            }
                            fault_string__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(SetParameterValuesFault {
                    parameter_name: parameter_name__.unwrap_or_default(),
                    fault_code: fault_code__.unwrap_or_default(),
                    fault_string: fault_string__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.SetParameterValuesFault", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for SetParameterValuesResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.status != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.SetParameterValuesResponse", len)?;
        if self.status != 0 {
            struct_ser.serialize_field("status", &self.status)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SetParameterValuesResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "status",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Status,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "status" => Ok(GeneratedField::Status),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SetParameterValuesResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.SetParameterValuesResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SetParameterValuesResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut status__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Status => {
                            if status__.is_some() {
                                return Err(serde::de::Error::duplicate_field("status"));
                            }
                            status__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(SetParameterValuesResponse {
                    status: status__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.SetParameterValuesResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for TransferComplete {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.command_key.is_empty() {
            len += 1;
        }
        if self.fault.is_some() {
            len += 1;
        }
        if !self.start_time.is_empty() {
            len += 1;
        }
        if !self.complete_time.is_empty() {
            len += 1;
        }
        if !self.certificate_path.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("credbridge.v1.TransferComplete", len)?;
        if !self.command_key.is_empty() {
            struct_ser.serialize_field("commandKey", &self.command_key)?;
        }
        if let Some(v) = self.fault.as_ref() {
            struct_ser.serialize_field("fault", v)?;
        }
        if !self.start_time.is_empty() {
            struct_ser.serialize_field("startTime", &self.start_time)?;
        }
        if !self.complete_time.is_empty() {
            struct_ser.serialize_field("completeTime", &self.complete_time)?;
        }
        if !self.certificate_path.is_empty() {
            struct_ser.serialize_field("certificatePath", &self.certificate_path)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for TransferComplete {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "command_key",
            "commandKey",
            "fault",
            "start_time",
            "startTime",
            "complete_time",
            "completeTime",
            "certificate_path",
            "certificatePath",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            CommandKey,
            Fault,
            StartTime,
            CompleteTime,
            CertificatePath,
            __SkipField__,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "commandKey" | "command_key" => Ok(GeneratedField::CommandKey),
                            "fault" => Ok(GeneratedField::Fault),
                            "startTime" | "start_time" => Ok(GeneratedField::StartTime),
                            "completeTime" | "complete_time" => Ok(GeneratedField::CompleteTime),
                            "certificatePath" | "certificate_path" => Ok(GeneratedField::CertificatePath),
                            _ => Ok(GeneratedField::__SkipField__),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = TransferComplete;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct credbridge.v1.TransferComplete")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<TransferComplete, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut command_key__ = None;
                let mut fault__ = None;
                let mut start_time__ = None;
                let mut complete_time__ = None;
                let mut certificate_path__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::CommandKey => {
                            if command_key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commandKey"));
                            }
                            command_key__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Fault => {
                            if fault__.is_some() {
                                return Err(serde::de::Error::duplicate_field("fault"));
                            }
                            fault__ = map_.next_value()?;
                        }
                        GeneratedField::StartTime => {
                            if start_time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("startTime"));
                            }
                            start_time__ = Some(map_.next_value()?);
                        }
                        GeneratedField::CompleteTime => {
                            if complete_time__.is_some() {
                                return Err(serde::de::Error::duplicate_field("completeTime"));
                            }
                            complete_time__ = Some(map_.next_value()?);
                        }
                        GeneratedField::CertificatePath => {
                            if certificate_path__.is_some() {
                                return Err(serde::de::Error::duplicate_field("certificatePath"));
                            }
                            certificate_path__ = Some(map_.next_value()?);
                        }
                        GeneratedField::__SkipField__ => {
                            let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(TransferComplete {
                    command_key: command_key__.unwrap_or_default(),
                    fault: fault__,
                    start_time: start_time__.unwrap_or_default(),
                    complete_time: complete_time__.unwrap_or_default(),
                    certificate_path: certificate_path__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("credbridge.v1.TransferComplete", FIELDS, GeneratedVisitor)
    }
}
