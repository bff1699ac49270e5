//! Writes requests.

/// Encodes values as Kafka's protocol does.
pub(in crate::brokers) struct Writer {
    bytes: Vec<u8>,
    is_flexible: bool,
}

impl Writer {
    /// Starts a frame. Its length is written at the end.
    pub(super) fn new(is_flexible: bool) -> Self {
        Self { bytes: vec![0; 4], is_flexible }
    }

    pub(super) fn into_flexible(self, is_flexible: bool) -> Self {
        Self { is_flexible, ..self }
    }

    /// Returns the frame: a length and that many bytes.
    pub(super) fn into_frame(mut self) -> Vec<u8> {
        let length = i32::try_from(self.bytes.len().saturating_sub(4)).unwrap_or(i32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_be_bytes());
        self.bytes
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.bytes.push(value.into());
    }

    pub(super) fn i8(&mut self, value: i8) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.bytes.extend(value.to_be_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.bytes.extend(value.to_be_bytes());
    }

    /// Writes a text of less than 32 KiB; names in Kafka are shorter.
    pub(super) fn text(&mut self, value: &str) {
        if self.is_flexible {
            self.compact_length(value.len());
        } else {
            self.i16(i16::try_from(value.len()).unwrap_or(i16::MAX));
        }
        self.bytes.extend(value.as_bytes());
    }

    /// Writes the length of an array; its entries follow.
    pub(super) fn array_length(&mut self, length: usize) {
        if self.is_flexible {
            self.compact_length(length);
        } else {
            self.i32(i32::try_from(length).unwrap_or(i32::MAX));
        }
    }

    /// Writes an array that is null, which often means "all".
    pub(super) fn null_array(&mut self) {
        if self.is_flexible {
            self.variable_length(0);
        } else {
            self.i32(-1);
        }
    }

    /// Ends a structure of a flexible version.
    pub(super) fn no_tagged_fields(&mut self) {
        if self.is_flexible {
            self.variable_length(0);
        }
    }

    fn compact_length(&mut self, length: usize) {
        self.variable_length(u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1));
    }

    /// Writes seven bits per byte, the lowest first. All bytes except the last have the highest bit.
    fn variable_length(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.bytes.push(value.to_le_bytes()[0]);
    }
}
