namespace CryoBackup.Tests.Strangers;

/// <summary>A type of columns: its name in SQL and how values of it are written.</summary>
/// <param name="Name">As SQL names it.</param>
/// <param name="Literal">A value, as an expression of this very type.</param>
internal sealed record DraftType(string Name, Func<string> Literal)
{
    /// <summary>True if it has an order, and so may be in a key.</summary>
    public bool IsOrdered { get; init; } = true;

    /// <summary>What it is made of: number, text, time or nothing of these.</summary>
    public string Family { get; init; } = "";
}
