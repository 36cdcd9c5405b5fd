using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Storage;

namespace CryoBackup.Inspection;

/// <summary>
/// What a backup holds whose file is the recorded one: its own table of contents, and the rows and large objects that its manifest, which
/// names the file's hash, records. An encrypted backup's manifest records none; they are known once the archive has flowed to where it is
/// restored.
/// </summary>
internal static class RecordedContent
{
    /// <summary>Reads the table of contents, and none of the data.</summary>
    /// <param name="file">The backup; its hash is the recorded one.</param>
    /// <param name="identities">Full paths of identity files; empty for none.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Null where the manifest does not record enough of it, or it does not open: a whole reading says why.</returns>
    public static ArchiveContent? Find(
        StoredFile file,
        IReadOnlyList<string> identities,
        BackupManifest manifest,
        CancellationToken cancellationToken
    )
    {
        if (manifest.UncompressedBytes is not { } length)
        {
            return null;
        }

        try
        {
            var decryption = new AgeDecryption(file.Path, identities, manifest.Encryption?.Recipients ?? [], cancellationToken);
            using var source = new BackupSource(file, decryption, cancellationToken);
            ArchiveContent content = ArchiveReader.ReadTableOfContents(source.Output, length, cancellationToken);
            return manifest.Encryption is null ? Fill(content, manifest) : content;
        }
        catch (Exception exception) when (exception is CryoBackupException or InvalidDataException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    private static ArchiveContent? Fill(ArchiveContent content, BackupManifest manifest)
    {
        if (manifest is not { Tables: { } tables, LargeObjects: { } objects } || tables.Count != content.Tables.Count)
        {
            return null;
        }

        Dictionary<(string, string), BackupManifest.TableRecord> records = tables.ToDictionary(table => (table.Schema, table.Name));
        var filled = new List<TableContent>();
        foreach (TocEntry entry in content.Tables.Select(table => table.Entry))
        {
            if (
                !records.TryGetValue((entry.Schema, entry.Name), out BackupManifest.TableRecord? record)
                || TableFingerprint.Recorded(record.Rows, record.Bytes, record.Fingerprint) is not { } fingerprint
            )
            {
                return null;
            }

            filled.Add(new TableContent { Entry = entry, Fingerprint = fingerprint });
        }

        return TableFingerprint.Recorded(0, 0, objects.Fingerprint) is not { } sum
            ? null
            : new ArchiveContent
            {
                Header = content.Header,
                Encoding = content.Encoding,
                Entries = content.Entries,
                Tables = filled,
                LargeObjectCount = objects.Count,
                LargeObjectBytes = objects.Bytes,
                LargeObjectFingerprint = sum.Value,
                Length = content.Length,
            };
    }
}
