namespace CryoBackup.Tests.Stores;

/// <summary>What goes wrong with a request.</summary>
/// <param name="Kind">What.</param>
/// <param name="After">For a cut: how many bytes of the body pass.</param>
internal sealed record S3Fault(S3FaultKind Kind, int After = 0);

/// <summary>What goes wrong.</summary>
internal enum S3FaultKind
{
    /// <summary>503 SlowDown, before anything is done.</summary>
    Busy,

    /// <summary>The connection ends within the request's body, or the answer's where it has one.</summary>
    Cut,

    /// <summary>The request is carried out, and its answer is lost.</summary>
    AnswerLost,

    /// <summary>403 AccessDenied.</summary>
    Denied,

    /// <summary>501 NotImplemented.</summary>
    Unknown,

    /// <summary>The part arrives with another bit, and the server says so.</summary>
    WrongBytes,
}
