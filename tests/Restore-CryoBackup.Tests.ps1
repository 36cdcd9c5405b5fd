BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_source
    Clear-TestDatabase cryo_target
    $folder = Join-Path $TestDrive 'backups'
    $backup = New-CryoBackup cryo_source -Path $folder
    $id = '{0},CryoBackup.Commands.RestoreCryoBackupCommand'

    # What a command says on a host of its own, where -WhatIf speaks.
    function Invoke-Told([string] $Line) {
        (Invoke-Shell -Command "Import-Module '$ModulePath'; $Line") -join "`n"
    }
}

AfterAll {
    Clear-TestDatabase cryo_source
}

Describe 'Restore-CryoBackup' {
    AfterEach {
        Clear-TestDatabase cryo_target
    }

    It 'has these parameters' {
        (Get-Command Restore-CryoBackup).Parameters.Keys | Where-Object { $_ -notin $CommonParameters } | Sort-Object | Should -Be @(
            'Clean', 'ComputerName', 'Config', 'Create', 'Credential', 'Database', 'DataOnly', 'Force', 'Identity', 'IncludeGlobals', 'IsValid', 'Jobs', 'Latest', 'LiteralPath', 'Locale', 'LockTimeout', 'NoOwner',
            'NoPrivileges', 'Path', 'PlanOnly', 'Port', 'ReportPath', 'Schema', 'SchemaOnly', 'Script', 'SkipVerification', 'SslMode', 'Swap', 'Table', 'TargetDatabase', 'Timeout', 'VerifyContent')
    }

    It 'takes from the pipeline only the path and the verdict' {
        $flowing = foreach ($parameter in (Get-Command Restore-CryoBackup).Parameters.Values) {
            if ($parameter.ParameterSets.Values | Where-Object { $_.ValueFromPipeline -or $_.ValueFromPipelineByPropertyName }) {
                $parameter.Name
            }
        }

        $flowing | Sort-Object | Should -Be @('IsValid', 'LiteralPath', 'Path')
    }

    It 'restores into a database that it creates' {
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create
        $result.Status | Should -Be 'Restored'
        $result.Mode | Should -Be 'Create'
        $result.SourceDatabase | Should -Be 'cryo_source'
        $result.TargetDatabase | Should -Be 'cryo_target'
        $result.Tables.Matches | Should -Not -Contain $false
        $result.Tables.Count | Should -Be 2
        Invoke-Sql -Database cryo_target 'SELECT count(*) FROM sample' | Should -Be '500'
    }

    It 'restores into an empty database, with <Jobs> jobs' -ForEach @(@{ Jobs = 1 }, @{ Jobs = 2 }) {
        Invoke-Sql 'CREATE DATABASE cryo_target TEMPLATE template0'
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Jobs $Jobs -NoOwner -NoPrivileges -Confirm:$false
        $result.Status | Should -Be 'Restored'
        $result.Mode | Should -Be 'Empty'
        Invoke-Sql -Database cryo_target 'SELECT count(*) FROM sample' | Should -Be '500'
    }

    It 'takes <What> from the pipeline' -ForEach @(
        @{ What = 'a BackupInfo'; Piped = { $backup } }
        @{ What = 'a VerificationResult'; Piped = { $backup | Test-CryoBackup } }
        @{ What = 'a file'; Piped = { Get-Item -LiteralPath $backup.Path } }
        @{ What = 'a string'; Piped = { $backup.Path } }
    ) {
        (& $Piped | Restore-CryoBackup -TargetDatabase cryo_target -Create).Status | Should -Be 'Restored'
    }

    It 'finds the newest backup of a database with -Latest' {
        $result = Restore-CryoBackup -Latest -Database cryo_source -Path $folder -TargetDatabase cryo_target -Create
        $result.Status | Should -Be 'Restored'
        $result.Path | Should -Be $backup.Path
    }

    It 'with -Latest says that there is no backup of such a database' {
        { Restore-CryoBackup -Latest -Database 'cryo_*' -Path $folder -TargetDatabase cryo_target -Create -ErrorAction Stop } |
            Should -Throw -ErrorId ($id -f 'BackupNotFound')
    }

    It 'restores one table with what belongs to it' {
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Table 'public.sam*'
        $result.Tables.Name | Should -Be 'sample'
        Invoke-Sql -Database cryo_target "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname ~ '^(sample|empty_one)'" |
            Should -Be 'sample sample_label_idx sample_pkey'
    }

    It 'restores one schema, definitions alone, and then the rows alone' {
        $null = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Schema public -SchemaOnly
        Invoke-Sql -Database cryo_target 'SELECT count(*) FROM sample' | Should -Be '0'
        $null = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Schema public -DataOnly -Force
        Invoke-Sql -Database cryo_target 'SELECT count(*) FROM sample' | Should -Be '500'
    }

    It 'replaces what is there with -Clean, or the database with -Swap' {
        $null = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create
        Invoke-Sql -Database cryo_target 'DELETE FROM sample WHERE id > 1'
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Clean } | Should -Throw -ErrorId ($id -f 'NobodyToAsk')
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Clean -Force
        $result.Mode | Should -Be 'Clean'
        Invoke-Sql -Database cryo_target 'SELECT count(*) FROM sample' | Should -Be '500'

        Invoke-Sql -Database cryo_target 'DELETE FROM sample WHERE id > 1'
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Swap } | Should -Throw -ErrorId ($id -f 'NobodyToAsk')
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Swap -Force
        try {
            $result.Mode | Should -Be 'Swap'
            Invoke-Sql -Database cryo_target 'SELECT count(*) FROM sample' | Should -Be '500'
            Invoke-Sql -Database $result.PreviousDatabase 'SELECT count(*) FROM sample' | Should -Be '1'
        }
        finally {
            Clear-TestDatabase $result.PreviousDatabase
        }
    }

    It 'with -VerifyContent reads the whole content, even of the file that was proven' {
        $said = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -PlanOnly -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        "$said" | Should -Match 'content was proven when it was written'
        $said = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -PlanOnly -VerifyContent -Verbose 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        "$said" | Should -Not -Match 'content was proven when it was written'
    }

    It 'with -PlanOnly and -Script returns the SQL too' {
        $plan = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -PlanOnly -Script
        $plan.Script | Should -Match '(?s)CREATE DATABASE "cryobackup_restore_.*CREATE TABLE .*\n-- COPY .* rows\)\n.*ADD CONSTRAINT.*RENAME TO "cryo_target"'
        (Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -PlanOnly).Script | Should -BeExactly ''
        $refused = { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Script -ErrorAction Stop } | Should -Throw -PassThru
        $refused.FullyQualifiedErrorId | Should -BeLike 'ConfigurationInvalid,*'
        $said = & (Join-Path $PSScriptRoot '../output/tool/cryobackup') restore $backup.Path --target-database cryo_target --create --plan-only --script
        $said.Count | Should -Be ($plan.Script.Split("`n").Count - 1)
        $said[0] | Should -BeExactly $plan.Script.Split("`n")[0]
        Test-Database cryo_target | Should -BeFalse
    }

    It 'with -PlanOnly returns what would be, and changes nothing' {
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -PlanOnly
        $result.Status | Should -Be 'Planned'
        $result.Objects | Where-Object { $_ -match 'TABLE DATA' -and $_ -match 'sample' } | Should -Not -BeNullOrEmpty
        Test-Database cryo_target | Should -BeFalse
    }

    It 'with -WhatIf changes nothing and needs no server, even if forced' {
        Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Force -WhatIf -ComputerName 127.0.0.1 -Port (Get-ClosedPort) | Should -BeNullOrEmpty
        Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -PlanOnly -WhatIf -ComputerName 127.0.0.1 -Port (Get-ClosedPort) | Should -BeNullOrEmpty
        & { $WhatIfPreference = $true; Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Force } | Should -BeNullOrEmpty
        Test-Database cryo_target | Should -BeFalse
    }

    It 'names in its question the server, the database, what is there and what becomes of it' {
        $null = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create
        Invoke-Sql -Database cryo_target 'CHECKPOINT; ANALYZE'
        $server = [regex]::Escape("${env:PGHOST}:${env:PGPORT}")
        foreach ($way in @(
                @{ Mode = @{ Clean = $true }; Fate = 'with -Clean.', 'dropped there with its rows and made anew' }
                @{ Mode = @{ Swap = $true }; Fate = 'with -Swap.', "is renamed to 'cryo_target_before_[0-9_]+' and kept" })) {
            $mode = $way.Mode
            $told = Invoke-Told "Restore-CryoBackup '$($backup.Path)' -TargetDatabase cryo_target -$($mode.Keys) -WhatIf"
            $told | Should -Match "^What if: Restore '$([regex]::Escape($backup.Path))' into the database 'cryo_target' on $server.* $($way.Fate[0])"
            $told | Should -Match "'cryo_target' has 2 tables, about 500 rows, [0-9.]+ MB, last written to disk 20[0-9: -]+Z"
            $told | Should -Match $way.Fate[1]
        }

        $told = Invoke-Told "Restore-CryoBackup '$($backup.Path)' -TargetDatabase cryo_target -WhatIf"
        $told | Should -Match "It would fail: The database 'cryo_target' is not empty"
        $told = Invoke-Told "Restore-CryoBackup '$($backup.Path)' -TargetDatabase cryo_other -Create -WhatIf"
        $told | Should -Match "There is no database 'cryo_other' now"
        Test-Database cryo_other | Should -BeFalse
    }

    It 'asks nothing where the answer would be no matter' {
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Clean -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'DatabaseNotFound')
    }

    It 'does not put another database into the place of <_>' -ForEach 'postgres', 'template1' {
        { Restore-CryoBackup $backup.Path -TargetDatabase $_ -Swap -Force -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'ConfigurationInvalid')
    }

    It 'says in words of its own that nobody can be asked, in <Where>, and changes nothing' -ForEach @(
        @{ Where = 'a shell without interaction'; Start = { param($Line) Invoke-Shell -Command $Line 2>&1 } }
        @{ Where = 'a shell at the end of its input'; Start = { param($Line) $words = @(Get-ShellCommand); $null | & $words[0] @($words | Select-Object -Skip 1) -NoProfile -Command $Line 2>&1 } }
        @{ Where = 'a thread job'; Start = { param($Line) Start-ThreadJob -ScriptBlock ([scriptblock]::Create($Line)) | Receive-Job -Wait -AutoRemoveJob 2>&1 } }
    ) {
        Invoke-Sql 'CREATE DATABASE cryo_target TEMPLATE template0'
        $line = "Import-Module '$ModulePath'; try { Restore-CryoBackup '$($backup.Path)' -TargetDatabase cryo_target } catch { ""`$(`$_.FullyQualifiedErrorId)|`$(`$_.ErrorDetails.RecommendedAction)"" }"
        $said = (& $Start $line) -join "`n"
        $said | Should -Match 'NobodyToAsk,CryoBackup.Commands.RestoreCryoBackupCommand\|.*-Confirm:\$false or -Force'
        Invoke-Sql -Database cryo_target "SELECT count(*) FROM pg_class WHERE relname = 'sample'" | Should -Be '0'
    }

    It 'asks before it restores into an existing database, and not with -Force' {
        Invoke-Sql 'CREATE DATABASE cryo_target TEMPLATE template0'
        # This shell cannot ask anybody, so a question is an error.
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target } | Should -Throw -ErrorId ($id -f 'NobodyToAsk')
        (Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Force).Status | Should -Be 'Restored'
    }

    It 'asks with -Confirm, even where it would not ask by itself' {
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Force -Confirm } | Should -Throw -ErrorId ($id -f 'NobodyToAsk')
        { & { $ConfirmPreference = 'Medium'; Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create } } | Should -Throw -ErrorId ($id -f 'NobodyToAsk')
        Test-Database cryo_target | Should -BeFalse
    }

    It 'refuses a VerificationResult that did not pass' {
        $file = Copy-Backup $backup (Join-Path $TestDrive 'not passed')
        Edit-OneByte $file
        $result = Test-CryoBackup -LiteralPath $file | Restore-CryoBackup -TargetDatabase cryo_target -Create -ErrorVariable problems -ErrorAction SilentlyContinue
        $result | Should -BeNullOrEmpty
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be ($id -f 'VerificationNotPassed')
        $problems[0].TargetObject | Should -Be $file
        Test-Database cryo_target | Should -BeFalse
    }

    It 'refuses one that did not pass, not the one after it' {
        $file = Copy-Backup $backup (Join-Path $TestDrive 'not passed, then passed')
        Edit-OneByte $file
        $results = @(Test-CryoBackup -LiteralPath $file) + @($backup)
        ($results | Restore-CryoBackup -TargetDatabase cryo_target -Create -ErrorAction SilentlyContinue).Status | Should -Be 'Restored'
    }

    It 'says of a missing file BackupNotFound, once' {
        $missing = Join-Path $TestDrive 'missing.dump.gz'
        Restore-CryoBackup $missing -TargetDatabase cryo_target -Create -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be ($id -f 'BackupNotFound')
        $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problems[0].TargetObject | Should -Be $missing
    }

    It 'refuses <What> as <Expected> before it meets the server' -ForEach @(
        @{ What = 'a file of the wrong kind'; Expected = 'NotABackup', 'HashMismatch'; Harm = { param($File) Set-Content -LiteralPath $File -Value ('This is not a backup. ' * 100) } }
        @{ What = 'a truncated file'; Expected = 'HashMismatch'; Harm = { param($File) $bytes = [System.IO.File]::ReadAllBytes($File); [System.IO.File]::WriteAllBytes($File, $bytes[0..([int] ($bytes.Length * 0.6))]) } }
        @{ What = 'a file with one byte changed'; Expected = 'HashMismatch'; Harm = { param($File) Edit-OneByte $File } }
        @{ What = 'a damaged manifest'; Expected = 'ManifestInvalid'; Harm = { param($File) Edit-OneByte (Get-ChildItem -LiteralPath (Split-Path $File) -Filter *.meta.json).FullName 0.4 } }
    ) {
        $file = Copy-Backup $backup (Join-Path $TestDrive $What)
        & $Harm $file
        # Nothing listens there: had it met the server, the error would be ConnectionFailed.
        Restore-CryoBackup -LiteralPath $file -TargetDatabase cryo_target -Create -ComputerName 127.0.0.1 -Port (Get-ClosedPort) -ErrorVariable problems -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId.Split(',')[0] | Should -BeIn $Expected
    }

    It 'refuses a database that holds something' {
        Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create | Out-Null
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Force -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'DatabaseNotEmpty')
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'DatabaseExists')
        { Restore-CryoBackup $backup.Path -TargetDatabase 'no such database' -Force -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'DatabaseNotFound')
    }

    It 'refuses a folder, and a wildcard that matches several' {
        { Restore-CryoBackup $folder -TargetDatabase cryo_target -Create -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'NotABackup')
        $many = Join-Path $TestDrive 'many'
        $file = Copy-Backup $backup $many
        Copy-Item -LiteralPath $file -Destination ($file.Replace('cryo_source', 'cryo_second', [System.StringComparison]::Ordinal))
        { Restore-CryoBackup "$many/*.dump*" -TargetDatabase cryo_target -Create -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'NotABackup')
        (Restore-CryoBackup "$many/cryo_source*" -TargetDatabase cryo_target -Create).Status | Should -Be 'Restored'
    }
}
