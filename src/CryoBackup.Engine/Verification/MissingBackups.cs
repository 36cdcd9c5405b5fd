using CryoBackup.Inspection;

namespace CryoBackup.Verification;

/// <summary>What was asked for and cannot be looked at, because there is nothing: one Failed result for each.</summary>
internal static class MissingBackups
{
    /// <summary>The remedy where a database has no backup that is good.</summary>
    public const string Remedy =
        "Make a backup with New-CryoBackup, and look into its log or its scheduler for why there has been no good one since.";

    /// <summary>Tells whether a failure keeps a place from being looked at, so that whatever was asked of it is missed.</summary>
    /// <param name="failure">What a listing threw.</param>
    public static bool Hides(CryoBackupException failure) =>
        failure.Error is CryoBackupError.BackupNotFound or CryoBackupError.PermissionDenied or CryoBackupError.LocationUnreachable;

    /// <summary>A database, or any, that has no backup in a folder.</summary>
    /// <param name="how">What was asked of it.</param>
    /// <param name="folder">The folder's full path.</param>
    /// <param name="database">A name, or a pattern that matches none; empty where none was named.</param>
    /// <param name="check">The check that fails.</param>
    public static VerificationTask In(VerificationRequest how, string folder, string database, string check) =>
        Missing(
            how,
            folder,
            database,
            new Absence(
                check,
                CryoBackupError.BackupNotFound,
                database.Length > 0 ? $"'{folder}' holds no backup of '{database}'." : $"'{folder}' holds no backup at all.",
                Remedy
            )
        );

    /// <summary>All that was asked of a folder that is missing or cannot be read.</summary>
    /// <param name="how">What was asked of it.</param>
    /// <param name="folder">The folder's full path.</param>
    /// <param name="databases">Names and patterns; empty where none was named, which makes one request for the folder.</param>
    /// <param name="check">The check that fails.</param>
    /// <param name="failure">What is wrong with the folder.</param>
    public static IReadOnlyList<VerificationTask> Everything(
        VerificationRequest how,
        string folder,
        IReadOnlyList<string> databases,
        string check,
        CryoBackupException failure
    ) =>
        [
            .. databases
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .DefaultIfEmpty("")
                .Select(database =>
                    Missing(
                        how,
                        folder,
                        database,
                        new Absence(
                            check,
                            failure.Error,
                            database.Length > 0 ? $"No backup of '{database}' can be seen: {failure.Message}" : failure.Message,
                            failure.Remedy
                        )
                    )
                ),
        ];

    /// <summary>The verdict.</summary>
    /// <param name="request">What was asked of the folder.</param>
    /// <param name="database">The database that was asked for; empty where none was named.</param>
    /// <param name="absence">Why.</param>
    /// <param name="start">When the looking began, in UTC.</param>
    public static VerificationResult Judge(VerificationRequest request, string database, Absence absence, DateTime start)
    {
        var checks = new CheckList();
        checks.Fail(absence.Check, absence.Reason.TrimEnd('.'), absence.Remedy, absence.Reason, absence.Error);
        DateTime end = DateTime.UtcNow;
        var result = new VerificationResult
        {
            Database = database,
            Path = request.Path,
            Level = request.Level,
            IsOfFolder = true,
            Start = start,
            End = end,
            Duration = end - start,
        };
        return checks.Conclude(result, good: "");
    }

    private static VerificationTask Missing(VerificationRequest how, string folder, string database, Absence absence)
    {
        VerificationRequest request = how with { Path = folder };
        return new VerificationTask(request, database, (_, _) => Judge(request, database, absence, DateTime.UtcNow));
    }

    /// <summary>Why there is nothing to look at.</summary>
    /// <param name="Check">The check that fails.</param>
    /// <param name="Error">The error that it is for a command that needs a backup.</param>
    /// <param name="Reason">In one sentence.</param>
    /// <param name="Remedy">What the administrator can do.</param>
    internal sealed record Absence(string Check, CryoBackupError Error, string Reason, string? Remedy);
}
