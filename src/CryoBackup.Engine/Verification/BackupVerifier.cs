using System.Globalization;
using CryoBackup.Inspection;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Text;
using CryoBackup.Verification.Rehearsal;

namespace CryoBackup.Verification;

/// <summary>The verb Test: proves a backup from its file alone, or by a rehearsal of its restore.</summary>
internal static class BackupVerifier
{
    /// <summary>Verifies a backup. A missing or damaged one is a result, not an exception.</summary>
    /// <param name="request">Which file, and how deep.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Stops every program and server that was started.</param>
    /// <returns>The verdict with every check.</returns>
    /// <exception cref="CryoBackupException">As <see cref="VerificationTask.Run"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static VerificationResult Run(
        VerificationRequest request,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    ) => VerificationTask.Of(request).Run(observer, cancellationToken);

    /// <summary>The verification of one backup, as a task among others.</summary>
    /// <param name="request">Which file, and how deep.</param>
    /// <param name="restored">Called with the restored database of a rehearsal before it is compared; null for nothing.</param>
    internal static VerificationTask Task(VerificationRequest request, Action<ServerEndpoint>? restored = null) =>
        new(request, database: null, (observer, stop) => Judge(request, observer, restored, stop));

    private static VerificationResult Judge(
        VerificationRequest request,
        Action<EngineMessage> observer,
        Action<ServerEndpoint>? restored,
        CancellationToken cancellationToken
    )
    {
        DateTime start = DateTime.UtcNow;
        using var limits = new RunLimits(request.Timeout, cancellationToken);
        try
        {
            var memory = new ProofMemory(request.File(observer), observer, limits.Token);
            VerificationResult result = Prove(request, observer, restored, limits);
            if (RememberedVerdict.Of(result) is { } verdict)
            {
                memory.Take(result.Level, verdict, result.End, result.Hash, result.RestoreDuration);
            }

            return request.MaxAge is { } most ? WithAge(result, most, MadeAt(request.File(observer), limits.Token)) : result;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested && limits.Reason() is not null)
        {
            return Ended(request, start, limits.Reason()!);
        }
    }

    private static VerificationResult Prove(
        VerificationRequest request,
        Action<EngineMessage> observer,
        Action<ServerEndpoint>? restored,
        RunLimits limits
    )
    {
        if (request.Level != VerificationLevel.Restore)
        {
            var inspection = new BackupInspection(request.File(observer), request.Level, request.Identities, observer, limits.Token)
            {
                Sample = request.Sample,
            };
            inspection.Run();
            return inspection.ToResult();
        }

        try
        {
            using var steps = new StepProgress(
                $"Rehearsing {Named(Path.GetFileName(request.Path))}",
                ["proving the file", "restoring", "comparing"],
                observer
            );
            return new RehearsalRun(request, steps.Observe, limits) { Restored = restored }
                .RunAsync()
                .GetAwaiter()
                .GetResult();
        }
        catch (Exception) when (limits.Token.IsCancellationRequested)
        {
            // What a cancelled rehearsal was doing fails in many ways.
            throw new OperationCanceledException(limits.Token);
        }
    }

    /// <summary>The database: beside a whole file's name, a terminal of 80 columns has no room for what is being done.</summary>
    private static string Named(string file) => BackupFileName.TryRead(file)?.Database ?? file;

    /// <summary>What took too long, or too much of the disk, may still be good.</summary>
    private static VerificationResult Ended(VerificationRequest request, DateTime start, CryoBackupException reason)
    {
        string check = request.Level switch
        {
            VerificationLevel.Restore => CheckNames.Restore,
            VerificationLevel.Content => CheckNames.Content,
            _ => CheckNames.File,
        };
        bool isTime = reason.Error == CryoBackupError.Cancelled;
        var checks = new CheckList();
        checks.Hinder(
            check,
            reason.Message,
            isTime
                ? $"{reason.Remedy} If it stood still, look for a function in the database that waits or sleeps, "
                    + "called by a check, an index or a materialized view."
                : reason.Remedy,
            $"Whether the backup is good is not known. {reason.Message}"
        );
        DateTime end = DateTime.UtcNow;
        var result = new VerificationResult
        {
            Database = BackupFileName.TryRead(Path.GetFileName(request.Path))?.Database ?? "",
            Path = request.Path,
            Level = request.Level,
            Sample = request.Sample,
            Start = start,
            End = end,
            Duration = end - start,
        };
        return checks.Conclude(result, good: "");
    }

    /// <summary>Refuses wishes that make no sense together.</summary>
    /// <param name="request">The wishes.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    internal static void Check(VerificationRequest request)
    {
        bool isRestore = request.Level == VerificationLevel.Restore;
        bool isNamed = request.Connection.ComputerName is not null;
        (bool Wrong, string Parameter, string Why)[] rules =
        [
            (
                !isRestore
                    && (
                        request.Keep
                        || request.ServerPath is not null
                        || request.MaxRestoreTime is not null
                        || request.AllowSuperuser
                        || request.Force
                        || isNamed
                    ),
                "Level",
                "Nothing is restored below level Restore, so no server, and nothing else of a restore, can be chosen."
            ),
            (
                isNamed && request.ServerPath is not null,
                "ServerPath",
                "A named server has its own programs: only one of -ComputerName and -ServerPath can be given."
            ),
            (
                !isNamed
                    && (
                        request.Connection.Port is not null
                        || request.Connection.UserName is not null
                        || request.Connection.SslMode is not null
                    ),
                "ComputerName",
                "A port, a role or an SSL mode says nothing without -ComputerName: the throwaway server is reached by its own socket."
            ),
            (
                request.Sample is not null && request.Level != VerificationLevel.Hash,
                "Sample",
                "A sample is one of the stored bytes, which is level Hash: what a deeper level proves, no part of a file can tell."
            ),
            (
                request.Sample is not null && request.MaxAge is not null,
                "Sample",
                "An age is promised of a backup that is proven, and a sample proves none."
            ),
            (request.Sample is < 1 or > 99, "Sample", "A sample is 1 to 99 percent of a file; all of it is read without -Sample."),
            (!isNamed && request.Force, "Force", "-Force permits a rehearsal on the backup's own server, which -ComputerName names."),
        ];
        if (Array.Find(rules, rule => rule.Wrong) is { Parameter: { } parameter } broken)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                broken.Why,
                parameter,
                "Add what is missing, or leave the other out."
            );
        }
    }

    private static VerificationResult WithAge(VerificationResult result, TimeSpan most, DateTime? madeAt)
    {
        var checks = CheckList.After(result);
        if (madeAt is not { } made)
        {
            const string Unknown = "no manifest tells when the backup was made";
            checks.Hinder(CheckNames.Age, Unknown, remedy: null, "The backup's age is not known: no manifest tells when it was made.");
            return checks.Conclude(result, result.Reason);
        }

        TimeSpan age = result.End - made;
        string detail = string.Create(
            CultureInfo.InvariantCulture,
            $"made {made:yyyy-MM-dd HH:mm:ss}Z, {DurationText.About(age)} ago; at most {DurationText.Of(most)} is promised"
        );
        if (age <= most)
        {
            checks.Pass(CheckNames.Age, detail);
        }
        else
        {
            checks.Fail(CheckNames.Age, detail, remedy: null, $"The backup is too old: {detail}.");
        }

        return checks.Conclude(result, result.Reason);
    }

    private static DateTime? MadeAt(StoredFile file, CancellationToken cancellationToken)
    {
        try
        {
            return file.ReadManifest(cancellationToken)?.ReadStart() is { } start && start > DateTime.MinValue ? start : null;
        }
        catch (CryoBackupException)
        {
            // The check "metadata" says what is wrong with it.
            return null;
        }
    }
}
