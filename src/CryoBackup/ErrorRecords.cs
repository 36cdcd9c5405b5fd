using System.Management.Automation;
using CryoBackup.Text;

namespace CryoBackup;

/// <summary>The one place where a failure of the engine becomes an error of PowerShell.</summary>
internal static class ErrorRecords
{
    /// <summary>The identifier of a failure that nobody foresaw.</summary>
    internal const string Unexpected = nameof(Unexpected);

    /// <summary>The identifier of a restore refused because its backup came from Test-CryoBackup with
    /// another verdict than Passed.</summary>
    internal const string VerificationNotPassed = nameof(VerificationNotPassed);

    /// <summary>The identifier of a question that was due where nobody can be asked.</summary>
    internal const string NobodyToAsk = nameof(NobodyToAsk);

    /// <summary>Describes a failure.</summary>
    /// <param name="failure">What the engine threw.</param>
    /// <param name="target">The thing that was worked on, used where the failure names none.</param>
    /// <returns>A record whose identifier is the error's name.</returns>
    internal static ErrorRecord Create(Exception failure, object target)
    {
        if (failure is not CryoBackupException known)
        {
            return new ErrorRecord(failure, Unexpected, ErrorCategory.NotSpecified, target)
            {
                ErrorDetails = new ErrorDetails(VisibleText.Of(failure.Message)),
            };
        }

        string message = string.Join(Environment.NewLine, known.StandardError.Prepend(known.Message).Select(VisibleText.Of));
        return Create(known, known.Error.ToString(), CategoryOf(known.Error), known.Target ?? target, message, known.Remedy);
    }

    /// <summary>Describes a failure that the face itself has found.</summary>
    /// <param name="id">The stable identifier.</param>
    /// <param name="category">Its category.</param>
    /// <param name="target">The thing it happened to.</param>
    /// <param name="message">One sentence that names the thing and the reason.</param>
    /// <param name="remedy">What the administrator can do.</param>
    /// <returns>The record.</returns>
    internal static ErrorRecord Create(string id, ErrorCategory category, object target, string message, string remedy) =>
        Create(new InvalidOperationException(message), id, category, target, VisibleText.Of(message), remedy);

    /// <summary>Tells whether the next record would fail for the same reason, so that the command must end.</summary>
    /// <param name="error">The error.</param>
    /// <returns>True if the environment is at fault, not the record.</returns>
    internal static bool EndsCommand(CryoBackupError error) =>
        error
            is CryoBackupError.PgToolNotFound
                or CryoBackupError.PgToolTooOld
                or CryoBackupError.ToolNotFound
                or CryoBackupError.ConfigurationInvalid
                or CryoBackupError.ConnectionFailed
                or CryoBackupError.AuthenticationFailed;

    private static ErrorRecord Create(
        Exception failure,
        string id,
        ErrorCategory category,
        object target,
        string message,
        string? remedy
    ) => new(failure, id, category, target) { ErrorDetails = new ErrorDetails(message) { RecommendedAction = VisibleText.Of(remedy) } };

    // Without a default arm the compiler demands a category for every error; values that have no name do not come from the engine.
#pragma warning disable CS8524
    private static ErrorCategory CategoryOf(CryoBackupError error) =>
        error switch
        {
            CryoBackupError.PgToolNotFound => ErrorCategory.NotInstalled,
            CryoBackupError.PgToolTooOld => ErrorCategory.ResourceUnavailable,
            CryoBackupError.ToolNotFound => ErrorCategory.NotInstalled,
            CryoBackupError.ConnectionFailed => ErrorCategory.ConnectionError,
            CryoBackupError.AuthenticationFailed => ErrorCategory.AuthenticationError,
            CryoBackupError.DatabaseNotFound => ErrorCategory.ObjectNotFound,
            CryoBackupError.DatabaseNotEmpty => ErrorCategory.ResourceExists,
            CryoBackupError.DatabaseExists => ErrorCategory.ResourceExists,
            CryoBackupError.PermissionDenied => ErrorCategory.PermissionDenied,
            CryoBackupError.RowSecurityActive => ErrorCategory.PermissionDenied,
            CryoBackupError.LockTimeout => ErrorCategory.OperationTimeout,
            CryoBackupError.BackupNotFound => ErrorCategory.ObjectNotFound,
            CryoBackupError.NotABackup => ErrorCategory.InvalidData,
            CryoBackupError.ManifestInvalid => ErrorCategory.InvalidData,
            CryoBackupError.HashMismatch => ErrorCategory.InvalidData,
            CryoBackupError.ArchiveCorrupt => ErrorCategory.InvalidData,
            CryoBackupError.ArchiveTooNew => ErrorCategory.ResourceUnavailable,
            CryoBackupError.IdentityMissing => ErrorCategory.SecurityError,
            CryoBackupError.IdentityWrong => ErrorCategory.SecurityError,
            CryoBackupError.DestinationNotWritable => ErrorCategory.WriteError,
            CryoBackupError.DiskFull => ErrorCategory.WriteError,
            CryoBackupError.BackupLocked => ErrorCategory.ResourceBusy,
            CryoBackupError.DumpFailed => ErrorCategory.InvalidResult,
            CryoBackupError.RestoreFailed => ErrorCategory.InvalidResult,
            CryoBackupError.ObjectNotFound => ErrorCategory.ObjectNotFound,
            CryoBackupError.ConfigurationInvalid => ErrorCategory.InvalidArgument,
            CryoBackupError.NotificationFailed => ErrorCategory.ConnectionError,
            CryoBackupError.LocationUnreachable => ErrorCategory.ConnectionError,
            CryoBackupError.Cancelled => ErrorCategory.OperationTimeout,
        };
#pragma warning restore CS8524
}
