using CryoBackup.Restore;

namespace CryoBackup.Reports;

/// <summary>What was asked for. Schema and table are null for none, a text for one, and a list for several.</summary>
internal sealed record RestoreOptions
{
    public required bool Clean { get; init; }

    public required bool Create { get; init; }

    public required bool NoOwner { get; init; }

    public required bool NoPrivileges { get; init; }

    public required object? Schema { get; init; }

    public required object? Table { get; init; }

    public required bool Swap { get; init; }

    public required bool SchemaOnly { get; init; }

    public required bool DataOnly { get; init; }

    public required bool PlanOnly { get; init; }

    public required bool Force { get; init; }

    public required int? Jobs { get; init; }

    /// <summary>The options of a request.</summary>
    /// <param name="request">What Restore was asked for.</param>
    public static RestoreOptions Of(RestoreRequest request) =>
        new()
        {
            Clean = request.Clean,
            Create = request.Create,
            NoOwner = request.NoOwner,
            NoPrivileges = request.NoPrivileges,
            Schema = Names(request.Schema),
            Table = Names(request.Table),
            Swap = request.Swap,
            SchemaOnly = request.SchemaOnly,
            DataOnly = request.DataOnly,
            PlanOnly = request.PlanOnly,
            Force = request.Force,
            Jobs = request.Jobs,
        };

    // The predecessor took one name.
    private static object? Names(IReadOnlyList<string> names) =>
        names.Count switch
        {
            0 => null,
            1 => names[0],
            _ => names.ToArray(),
        };
}
