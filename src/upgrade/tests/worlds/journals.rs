//! The journals of a world: real files, and what was really recorded in them.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// One journal.
#[derive(Debug)]
pub(super) struct JournalTruth {
    pub folder: PathBuf,
    /// The starts recorded here and sent, by their place in the world's list, also where their lines are damaged.
    pub sent_starts: Vec<usize>,
    /// Starts whose lines the operator accepted as lost.
    pub forgiven: Vec<usize>,
    pub is_damaged: bool,
    /// It cannot be written.
    pub is_blocked: bool,
}

/// What happens to a journal between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JournalMishap {
    None,
    /// Some bytes of one line change.
    Damaged,
    Lost,
    /// It is replaced by a copy of the first journal.
    CopiedFromFirst,
    /// It cannot be written any more.
    ReadOnly,
    /// The operator marks the damaged lines as reviewed.
    Repaired,
}

impl JournalTruth {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, sent_starts: Vec::new(), forgiven: Vec::new(), is_damaged: false, is_blocked: false }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join("journal.jsonl")
    }

    /// The path of the file while the journal can't be written.
    fn aside(&self) -> PathBuf {
        self.folder.join("aside")
    }

    pub(super) fn length(&self) -> u64 {
        if self.is_blocked {
            return 0;
        }
        fs::metadata(self.path()).map(|metadata| metadata.len()).unwrap_or_default()
    }

    /// Leaves only a part of what was written after `from`.
    pub(super) fn tear(&self, from: u64, chance: u64) {
        let kept = from + chance % (self.length() - from);
        let file = fs::OpenOptions::new().write(true).open(self.path()).unwrap();
        file.set_len(kept).unwrap();
    }

    /// Changes one to four bytes of a line. Returns false where there is none.
    pub(super) fn damage(&mut self, mut roll: impl FnMut(usize) -> usize) -> bool {
        let text = read(&self.path());
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let whole: Vec<usize> = (0..lines.len()).filter(|line| lines[*line].len() > 8).collect();
        if self.is_blocked || whole.is_empty() {
            return false;
        }
        let line = whole[roll(whole.len())];
        let start: usize = lines[..line].iter().map(|line| line.len()).sum();
        let mut file = fs::OpenOptions::new().write(true).open(self.path()).unwrap();
        for _ in 0..=roll(4) {
            let at = start + roll(lines[line].len() - 1);
            file.seek(SeekFrom::Start(at as u64)).unwrap();
            file.write_all(&[text[at] ^ (1 << roll(7))]).unwrap();
        }
        self.is_damaged = read(&self.path()) != text || self.is_damaged;
        true
    }

    pub(super) fn lose(&mut self) {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).unwrap();
        }
        *self = Self::new(self.folder.clone());
    }

    /// Replaces this journal by a copy of `other`.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.lose();
        if other.is_blocked || other.length() == 0 {
            return;
        }
        private_folder(&self.folder);
        fs::copy(other.path(), self.path()).unwrap();
        (self.sent_starts, self.forgiven) = (other.sent_starts.clone(), other.forgiven.clone());
        self.is_damaged = other.is_damaged;
    }

    /// Replaces the file with a directory: permissions don't stop tests that run as root.
    pub(super) fn block(&mut self) {
        if self.is_blocked {
            return;
        }
        private_folder(&self.folder);
        let path = self.path();
        if path.exists() {
            fs::rename(&path, self.aside()).unwrap();
        }
        fs::create_dir(&path).unwrap();
        self.is_blocked = true;
    }

    /// Returns true when the file has a whole start line of this run.
    pub(super) fn has_start_of(&self, run: &str) -> bool {
        self.has(run, "start")
    }

    /// Returns true when the file says that the service accepted the start of this run.
    pub(super) fn has_acceptance_of(&self, run: &str) -> bool {
        self.has(run, "accepted")
    }

    fn has(&self, run: &str, event: &str) -> bool {
        let text = read(&if self.is_blocked { self.aside() } else { self.path() });
        let text = String::from_utf8_lossy(&text);
        let (run, event) = (format!("\"run\":\"{run}\""), format!("\"event\":\"{event}\""));
        let is_it = |line: &str| line.ends_with('\n') && line.contains(&run) && line.contains(&event);
        text.split_inclusive('\n').any(is_it)
    }
}

fn private_folder(folder: &Path) {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).unwrap();
}

fn read(path: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    if path.is_file() {
        fs::File::open(path).unwrap().read_to_end(&mut text).unwrap();
    }
    text
}
