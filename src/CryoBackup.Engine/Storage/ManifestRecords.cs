using CryoBackup.Postgres;

namespace CryoBackup.Storage;

// What stands in a manifest below its first level.
internal sealed partial record BackupManifest
{
    /// <summary>Fingerprints of the stored file's ranges; they tell nothing of the content of an encrypted one.</summary>
    public sealed class RangesRecord
    {
        /// <summary>The bytes of each range; the last may have fewer.</summary>
        public long SizeBytes { get; init; }

        /// <summary>32 hexadecimal digits for each range, joined; see <see cref="Streams.RangeFingerprints"/>.</summary>
        public string Fingerprints { get; init; } = "";
    }

    /// <summary>How a file is encrypted.</summary>
    public sealed class EncryptionRecord
    {
        /// <summary>age: its format is C2SP.org/age.</summary>
        public string Method { get; init; } = "";

        /// <summary>The public keys; the identity of any one of them opens the file.</summary>
        public List<string> Recipients { get; init; } = [];
    }

    /// <summary>The server as it was.</summary>
    public sealed class ServerRecord
    {
        /// <summary>Its version, for example 15.18.</summary>
        public string Version { get; init; } = "";

        /// <summary>The database's encoding.</summary>
        public string Encoding { get; init; } = "";

        /// <summary>The database's collation (LC_COLLATE).</summary>
        public string Collation { get; init; } = "";

        /// <summary>The database's character classification (LC_CTYPE).</summary>
        public string Ctype { get; init; } = "";

        /// <summary>The collation's provider: libc, icu or builtin.</summary>
        public string? LocaleProvider { get; init; }

        /// <summary>The locale of a provider other than libc.</summary>
        public string? IcuLocale { get; init; }

        /// <summary>How values of type money are written (lc_monetary); null in older manifests.</summary>
        public string? LcMonetary { get; init; }

        /// <summary>The cluster's system identifier; null where the role may not read it.</summary>
        public string? SystemIdentifier { get; init; }

        /// <summary>The position in the write-ahead log; null where the role may not read it.</summary>
        public string? Lsn { get; init; }
    }

    /// <summary>pg_dump and how it was called.</summary>
    public sealed class ClientRecord
    {
        /// <summary>pg_dump's version.</summary>
        public string Version { get; init; } = "";

        /// <summary>Its arguments; no secret is among them.</summary>
        public List<string> Arguments { get; init; } = [];
    }

    /// <summary>One table's data.</summary>
    public sealed class TableRecord
    {
        /// <summary>The schema.</summary>
        public string Schema { get; init; } = "";

        /// <summary>The name.</summary>
        public string Name { get; init; } = "";

        /// <summary>The rows.</summary>
        public long Rows { get; init; }

        /// <summary>The rows' size as COPY text.</summary>
        public long Bytes { get; init; }

        /// <summary>32 hexadecimal digits; see <see cref="Archive.TableFingerprint"/>.</summary>
        public string Fingerprint { get; init; } = "";
    }

    /// <summary>All large objects together.</summary>
    public sealed class LargeObjectRecord
    {
        /// <summary>How many.</summary>
        public long Count { get; init; }

        /// <summary>Their size.</summary>
        public long Bytes { get; init; }

        /// <summary>32 hexadecimal digits; see <see cref="Archive.ArchiveContent.LargeObjectFingerprint"/>.</summary>
        public string Fingerprint { get; init; } = "";
    }

    /// <summary>An object in another state than it is made in: an invalid index, a disabled trigger, row security.</summary>
    public sealed class StateRecord
    {
        /// <summary>index, constraint, materialized view, trigger, rule, or table for row security.</summary>
        public string Kind { get; init; } = "";

        /// <summary>The schema of the relation.</summary>
        public string Schema { get; init; } = "";

        /// <summary>The relation that it belongs to.</summary>
        public string Relation { get; init; } = "";

        /// <summary>Its own name; empty where the relation itself is meant.</summary>
        public string Name { get; init; } = "";

        /// <summary>How it was: invalid, incomplete, not validated, not enforced, not populated, disabled, …</summary>
        public string State { get; init; } = "";

        /// <summary>Records what was read.</summary>
        internal static StateRecord Of(ObjectState state) =>
            new()
            {
                Kind = state.Kind,
                Schema = state.Schema,
                Relation = state.Relation,
                Name = state.Name,
                State = state.State,
            };

        /// <summary>What was read.</summary>
        internal ObjectState ToState() => new(Kind, Schema, Relation, Name, State);
    }

    /// <summary>The file of roles and tablespaces.</summary>
    public sealed class GlobalsRecord
    {
        /// <summary>Its name, without a folder.</summary>
        public string File { get; init; } = "";

        /// <summary>Its size.</summary>
        public long SizeBytes { get; init; }

        /// <summary>Its SHA-256 in lower-case hexadecimal.</summary>
        public string Sha256 { get; init; } = "";

        /// <summary>True if it holds the roles' password hashes.</summary>
        public bool Passwords { get; init; }
    }

    /// <summary>What a backup holds less than the newest proven one before it.</summary>
    public sealed class DegradationRecord
    {
        /// <summary>The file name of the backup that it was compared with.</summary>
        public string ComparedWith { get; init; } = "";

        /// <summary>By how many percent rows may fall.</summary>
        public int MaxShrink { get; init; }

        /// <summary>What fell, one sentence each; none for an encrypted backup, whose manifest names no table.</summary>
        public List<string> Findings { get; init; } = [];
    }

    /// <summary>Something that the backup leaves out.</summary>
    public sealed class ExclusionRecord
    {
        /// <summary>The object.</summary>
        public string Name { get; init; } = "";

        /// <summary>Why.</summary>
        public string Reason { get; init; } = "";
    }
}
