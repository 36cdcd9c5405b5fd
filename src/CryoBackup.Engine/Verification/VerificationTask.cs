using CryoBackup.Encryption;

namespace CryoBackup.Verification;

/// <summary>
/// One thing that Test has a verdict on: a backup, the freshness of a database in a folder, or what should be there and is not.
/// </summary>
public sealed class VerificationTask
{
    private readonly Func<Action<EngineMessage>, CancellationToken, VerificationResult> _judge;

    /// <summary>Makes a task.</summary>
    /// <param name="request">What is asked, of the backup or the folder at its path.</param>
    /// <param name="database">The database that a folder is asked for; null for one backup.</param>
    /// <param name="judge">Gives the verdict; takes an observer and a token.</param>
    internal VerificationTask(
        VerificationRequest request,
        string? database,
        Func<Action<EngineMessage>, CancellationToken, VerificationResult> judge
    )
    {
        Request = request;
        Database = database;
        _judge = judge;
    }

    /// <summary>What is asked, of the backup or the folder at its path.</summary>
    public VerificationRequest Request { get; }

    /// <summary>The database that a folder is asked for, empty where none was named; null where one backup is verified.</summary>
    public string? Database { get; }

    /// <summary>The verification of one backup.</summary>
    /// <param name="request">Which, and how deep.</param>
    /// <returns>The task.</returns>
    public static VerificationTask Of(VerificationRequest request) => BackupVerifier.Task(request);

    /// <summary>Gives the verdict. A missing or damaged backup is a result, not an exception.</summary>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Stops every program and server that was started.</param>
    /// <returns>The verdict with every check.</returns>
    /// <exception cref="CryoBackupException">
    /// IdentityMissing, ConfigurationInvalid: an identity file, or another wish, cannot be used. ConnectionFailed, AuthenticationFailed:
    /// the named server cannot be reached.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public VerificationResult Run(Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        BackupVerifier.Check(Request);
        AgeIdentities.Check(Request.Identities, observer);
        return _judge(observer, cancellationToken);
    }
}
