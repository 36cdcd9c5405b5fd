namespace CryoBackup;

/// <summary>The version of CryoBackup, from the one place that sets it.</summary>
internal static class ToolVersion
{
    /// <summary>For example 0.1.0.</summary>
    public static string Text { get; } = typeof(ToolVersion).Assembly.GetName().Version!.ToString(3);
}
