using System.Globalization;
using CryoBackup.Stores;

namespace CryoBackup.Backup;

/// <summary>What of a <see cref="BackupRequest"/> makes no sense, alone or together.</summary>
internal static class RequestRules
{
    /// <summary>Refuses it.</summary>
    /// <param name="request">What was asked for.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    public static void Check(BackupRequest request)
    {
        if (request.Database.Length == 0)
        {
            throw Invalid("No database is named.", "Database", "Name the database to back up.");
        }

        if (!StoreLocation.IsStore(request.Folder) && !Path.IsPathFullyQualified(request.Folder))
        {
            throw Invalid($"'{request.Folder}' is not a full path.", "Path", "Give the full path of a folder.");
        }

        if (request.Jobs < 1)
        {
            throw Invalid(
                string.Create(CultureInfo.InvariantCulture, $"{request.Jobs} jobs back up nothing."),
                "Jobs",
                "Give a number of at least 1."
            );
        }

        if (request.MaxShrink is < 0 or > 100)
        {
            throw Invalid(
                string.Create(CultureInfo.InvariantCulture, $"Nothing shrinks by {request.MaxShrink} percent."),
                "MaxShrink",
                "Give a number from 0 to 100."
            );
        }

        request.Retention?.Check();
        if (request.CompressionLevel is < CompressionRange.Fastest or > CompressionRange.Smallest)
        {
            throw Invalid(
                $"The compression level {request.CompressionLevel} is not from {CompressionRange.InWords}.",
                "CompressionLevel",
                "Give one that is."
            );
        }

        if (request.IncludeSchema.Count > 0 && request.IncludeTable.Count > 0)
        {
            throw Invalid(
                "Schemas and tables to include were both given.",
                "IncludeTable",
                "Name each table with its schema in -IncludeTable, or narrow -IncludeSchema with -ExcludeTable."
            );
        }

        if (request is { Compression: CompressionKind.None, CompressionLevel: not null })
        {
            throw Invalid(
                "A compression level was given for a backup without compression.",
                "CompressionLevel",
                "Leave one of the two out."
            );
        }
    }

    private static CryoBackupException Invalid(string message, string target, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy);
}
