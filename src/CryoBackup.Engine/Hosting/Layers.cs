using System.Reflection;

namespace CryoBackup.Hosting;

/// <summary>
/// Lays what was said over what holds otherwise, property by property, by their names: a new option is a new property, and nothing here.
/// </summary>
internal static class Layers
{
    /// <summary>Fills what is not said.</summary>
    /// <typeparam name="T">A record of nullables.</typeparam>
    /// <param name="said">What was said; a copy, which is changed.</param>
    /// <param name="otherwise">What holds where nothing was said.</param>
    /// <returns>The copy.</returns>
    public static T Fill<T>(T said, T otherwise)
        where T : notnull
    {
        foreach (PropertyInfo property in Properties(said.GetType()).Where(property => property.GetValue(said) is null))
        {
            property.SetValue(said, property.GetValue(otherwise));
        }

        return said;
    }

    /// <summary>
    /// Lays what was said over a request. A limit that is <see cref="Timeout.InfiniteTimeSpan"/> is none, which the request's null says.
    /// </summary>
    /// <typeparam name="T">The request's type.</typeparam>
    /// <param name="said">A record of nullables; what the request has no property for is left out.</param>
    /// <param name="defaults">What holds where nothing was said; a copy, which is changed.</param>
    /// <returns>The copy.</returns>
    public static T Lay<T>(object said, T defaults)
        where T : notnull
    {
        foreach (PropertyInfo property in Properties(defaults.GetType()))
        {
            if (said.GetType().GetProperty(property.Name)?.GetValue(said) is { } value)
            {
                property.SetValue(defaults, value is TimeSpan limit && limit == Timeout.InfiniteTimeSpan ? null : value);
            }
        }

        return defaults;
    }

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);
}
