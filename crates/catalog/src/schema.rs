//! The fields of the index, and the version of everything that is on disk.

use tantivy::{
    schema::{FAST, Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{TokenizerManager, WhitespaceTokenizer},
};

/// The version of the format: of the schema, the entries ([`crate::codec`]), the ledger files and
/// the note in each commit ([`crate::note`]). An index of another version is refused and made
/// anew; nothing in it is ever read by guess.
pub const FORMAT: u32 = 1;

/// The name of the tokenizer of the word fields.
const WORDS: &str = "words";

/// One document an attribute path:
///
/// | field | what | how |
/// |---|---|---|
/// | `path` | the text form of the attribute path | one raw term |
/// | `key` | the same in lower case: prefixes and similar names are sought here | one raw term |
/// | `name_words` | the words of the path and of the package's own name | words |
/// | `text_words` | the words of the description | words |
/// | `releases` | how many versions | column |
/// | `entry` | everything, as [`crate::codec`] writes it | stored bytes |
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub schema: Schema,
    pub path: Field,
    pub key: Field,
    pub name_words: Field,
    pub text_words: Field,
    pub releases: Field,
    pub entry: Field,
}

/// The column with the number of releases, by name as tantivy wants it.
pub(crate) const RELEASES: &str = "releases";

impl Fields {
    pub fn new() -> Self {
        let mut schema = Schema::builder();
        let raw = TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_fieldnorms(false)
                .set_index_option(IndexRecordOption::Basic),
        );
        let words = TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(WORDS)
                .set_index_option(IndexRecordOption::WithFreqs),
        );
        let path = schema.add_text_field("path", raw.clone());
        let key = schema.add_text_field("key", raw);
        let name_words = schema.add_text_field("name_words", words.clone());
        let text_words = schema.add_text_field("text_words", words);
        let releases = schema.add_u64_field(RELEASES, FAST);
        let entry = schema.add_bytes_field("entry", STORED);
        Self { schema: schema.build(), path, key, name_words, text_words, releases, entry }
    }
}

/// The tokenizers that the schema names. Words are split by [`model::memory::words`] before they
/// get here, so that all sources agree on what a word is; here they only part at the spaces.
pub(crate) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(WORDS, WhitespaceTokenizer::default());
    tokenizers
}
