BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_new
}

AfterAll {
    Clear-TestDatabase cryo_new
    Clear-TestDatabase cryo_slow
}

Describe 'New-CryoBackup' {
    It 'has these parameters' {
        (Get-Command New-CryoBackup).Parameters.Keys | Where-Object { $_ -notin $CommonParameters } | Sort-Object | Should -Be @(
            'All', 'Compression', 'CompressionLevel', 'ComputerName', 'Config', 'Credential', 'Database', 'Exclude', 'ExcludeSchema', 'ExcludeTable', 'ExcludeTableData',
            'IncludeGlobals', 'IncludeSchema', 'IncludeTable', 'Jobs', 'Label', 'LockTimeout', 'MaxShrink', 'Path', 'Port', 'Recipient', 'SkipRowCount', 'SkipSpaceCheck',
            'SslMode', 'StallTimeout', 'Timeout')
    }

    It 'does what each of its options says' {
        Initialize-TestDatabase cryo_options
        Invoke-Sql -Database cryo_options 'CREATE SCHEMA extra; CREATE TABLE extra.left_out (id int)'
        try {
            $made = New-CryoBackup cryo_options -Path (Join-Path $TestDrive 'options') -Compression Zstd -CompressionLevel 3 -Label nightly -ExcludeSchema extra `
                -ExcludeTableData public.empty_one -SkipSpaceCheck -MaxShrink 80 -LockTimeout 10s -StallTimeout 5m -Timeout 30m -WarningAction SilentlyContinue
            $made.Compression | Should -Be 'Zstd'
            $made.Path | Should -BeLike '*.dump.zst'
            $made.Label | Should -Be 'nightly'
            $made.RowCount | Should -BeGreaterThan 0
            $made = New-CryoBackup cryo_options -Path (Join-Path $TestDrive 'options') -IncludeSchema public -ExcludeTable public.empty_one -Jobs 2 -SkipRowCount -WarningAction SilentlyContinue
            $made.TableCount | Should -BeGreaterThan 0
            (Test-CryoBackup $made.Path).Verdict | Should -Be 'Passed'
        }
        finally {
            Clear-TestDatabase cryo_options
        }
    }

    It 'takes only what was selected, and the roles beside it' {
        $backup = New-CryoBackup cryoprotect -Path (Join-Path $TestDrive 'part') -IncludeTable 'public.mol*' -ExcludeTableData public.molecules -IncludeGlobals -WarningAction SilentlyContinue
        $backup.TableCount | Should -Be 0
        "$($backup.Path).globals.sql.gz" | Should -Exist
        (Test-CryoBackup $backup.Path).Verdict | Should -Be 'Passed'
        New-CryoBackup cryoprotect -Path (Join-Path $TestDrive 'part') -IncludeTable moleculs -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'ObjectNotFound*'
    }

    It 'makes a backup and tells all about it' {
        $folder = Join-Path $TestDrive 'made here'
        $backup = New-CryoBackup cryo_new -Path $folder -Label 'before the move'
        $backup.Database | Should -Be 'cryo_new'
        $backup.Label | Should -Be 'before the move'
        $backup.Size | Should -Be (Get-Item -LiteralPath $backup.Path).Length
        $backup.Hash | Should -Be (Get-FileHash -LiteralPath $backup.Path -Algorithm $backup.Algorithm).Hash
        $backup.TableCount | Should -Be 2
        $backup.RowCount | Should -Be 500
        $backup.Start.Kind | Should -Be 'Utc'
        $backup.End | Should -BeGreaterOrEqual $backup.Start
        $backup.ServerVersion | Should -Be (Invoke-Sql 'SHOW server_version').Split(' ')[0]
        Test-Path -LiteralPath $backup.ManifestPath | Should -BeTrue
        Get-ChildItem -LiteralPath $folder -Force | ForEach-Object FullName | Sort-Object | Should -Be (@($backup.Path, $backup.ManifestPath) | Sort-Object)
    }

    It 'takes databases by value and by name from the pipeline' {
        $folder = Join-Path $TestDrive 'pipeline'
        $names = @('cryo_new', [pscustomobject]@{ Database = 'postgres' } | New-CryoBackup -Path $folder).Database
        $names | Should -Be @('cryo_new', 'postgres')
    }

    Context 'with objects that bring their server' {
        BeforeAll {
            $server = @{ ComputerName = $env:PGHOST; Port = [int] $(if ($env:PGPORT) { $env:PGPORT } else { 5432 }) }
            $closed = Get-ClosedPort
        }

        It 'asks each its own, and goes on where one is out of reach' {
            $list = Join-Path $TestDrive 'list.csv'
            Set-Content -LiteralPath $list -Value "Database,ComputerName,Port`ncryo_new,127.0.0.1,$closed`ncryo_new,$($server.ComputerName),$($server.Port)"
            $made = Import-Csv -LiteralPath $list | New-CryoBackup -Path (Join-Path $TestDrive 'listed') -ErrorVariable problems -ErrorAction SilentlyContinue
            @($made).Count | Should -Be 1
            $made.Database | Should -Be 'cryo_new'
            $made.Port | Should -Be $server.Port
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'ConnectionFailed,*'
            "$($problems[0])" | Should -BeLike "*$closed*"
        }

        It 'lets the command line name the server for all, whole' {
            $object = [pscustomobject]@{ Database = 'cryo_new'; ComputerName = '127.0.0.1'; Port = $closed }
            ($object | New-CryoBackup -Path (Join-Path $TestDrive 'named') @server).Port | Should -Be $server.Port
            $object | New-CryoBackup -Path (Join-Path $TestDrive 'half') -ComputerName $server.ComputerName -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'ConfigurationInvalid,*'
            "$($problems[0])" | Should -BeLike "*brings the port $closed*"
            Join-Path $TestDrive 'half' | Should -Not -Exist
        }

        It 'backs up once what came often, and says so' {
            $folder = Join-Path $TestDrive 'once'
            $backup = New-CryoBackup cryo_new -Path $folder
            $made = $backup, $backup, $backup | New-CryoBackup -Path (Join-Path $TestDrive 'again') -WarningVariable warnings -WarningAction SilentlyContinue
            @($made).Count | Should -Be 1
            $made.ComputerName, $made.Port | Should -Be $backup.ComputerName, $backup.Port
            $warnings[0] | Should -BeLike "'cryo_new' on *came more than once; it is backed up once."
        }

        It 'says so where nothing comes' {
            @() | New-CryoBackup -Path (Join-Path $TestDrive 'none') -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
            "$warnings" | Should -Be 'Nothing came through the pipeline: no database was backed up.'
        }
    }

    Context 'of many databases' {
        BeforeAll {
            $many = 'cryo_many_a', 'cryo_many_b', 'cryo_many*[c]'
            foreach ($name in $many) {
                Clear-TestDatabase $name
                Invoke-Sql "CREATE DATABASE ""$name"" TEMPLATE template0"
            }

            $host_ = $env:PGHOST
            $tool = Join-Path (Split-Path -Path $PSScriptRoot) 'output/tool/cryobackup'
        }

        AfterAll {
            foreach ($name in $many) {
                Clear-TestDatabase $name
            }
        }

        It 'takes patterns, leaves out what is excluded, and gives one object each' {
            $made = New-CryoBackup 'cryo_many*' -Path (Join-Path $TestDrive 'pattern') -Exclude '*_b'
            @($made.Database | Sort-Object) | Should -Be @('cryo_many_a', 'cryo_many*[c]')
            $made = New-CryoBackup cryo_new, 'cryo_many_?', cryo_many_a -Path (Join-Path $TestDrive 'both') -WarningVariable warnings
            @($made.Database) | Should -Be @('cryo_new', 'cryo_many_a', 'cryo_many_b')
            $warnings | Should -BeNullOrEmpty
        }

        It 'takes a name that holds wildcards as it is, when they are escaped' {
            $name = [System.Management.Automation.WildcardPattern]::Escape('cryo_many*[c]')
            (New-CryoBackup $name -Path (Join-Path $TestDrive 'literal')).Database | Should -Be 'cryo_many*[c]'
            (Get-CryoBackup (Join-Path $TestDrive 'literal') -Database $name).Database | Should -Be 'cryo_many*[c]'
            (TabExpansion2 -inputScript 'New-CryoBackup cryo_many*' -cursorColumn 25).CompletionMatches | ForEach-Object CompletionText |
                Should -Contain "'$name'"
        }

        It 'backs up all, but for templates' {
            $expected = Invoke-Sql "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname NOT LIKE 'cryo_many%' AND datname <> 'cryoprotect' ORDER BY 1"
            $made = New-CryoBackup -All -Exclude 'cryo_many*', cryoprotect -Path (Join-Path $TestDrive 'all')
            $made.Database | Sort-Object | Should -Be @($expected | Sort-Object)
        }

        It 'answers a pattern that means nothing by one error, with what was meant' {
            New-CryoBackup 'cryo_manx*' -Path (Join-Path $TestDrive 'nothing') -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $problems.Count | Should -Be 1
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'ObjectNotFound,*'
            "$($problems[0])" | Should -BeLike "*is named 'cryo_manx*'*"
            New-CryoBackup 'cryo_many*' -Exclude '*' -Path (Join-Path $TestDrive 'nothing') -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            "$($problems[0])" | Should -BeLike "No database is left to back up: '*' excludes all."
            { New-CryoBackup cryo_new -All -Path (Join-Path $TestDrive 'nothing') -ErrorAction Stop } | Should -Throw -ErrorId 'PositionalParameterNotFound,*'
            Join-Path $TestDrive 'nothing' | Should -Not -Exist
        }

        It 'goes on where one of all fails' {
            Invoke-Sql 'ALTER DATABASE cryo_many_a CONNECTION LIMIT 0; DROP ROLE IF EXISTS cryo_limited; CREATE ROLE cryo_limited LOGIN; GRANT pg_read_all_data TO cryo_limited'
            try {
                $role = [pscredential]::new('cryo_limited', [securestring]::new())
                $made = New-CryoBackup 'cryo_many*' -Credential $role -Path (Join-Path $TestDrive 'goes on') -ErrorVariable problems -ErrorAction SilentlyContinue
                @($made.Database | Sort-Object) | Should -Be @('cryo_many_b', 'cryo_many*[c]')
                $problems.Count | Should -Be 1
            }
            finally {
                Invoke-Sql 'ALTER DATABASE cryo_many_a CONNECTION LIMIT -1; DROP ROLE cryo_limited'
            }
        }

        It 'asks several servers, and goes on where one is out of reach' {
            $made = New-CryoBackup 'cryo_many_?' -ComputerName "$TestDrive/nobody", $host_ -Path (Join-Path $TestDrive 'servers') -ErrorVariable problems -ErrorAction SilentlyContinue
            @($made.Database) | Should -Be @('cryo_many_a', 'cryo_many_b')
            $problems.Count | Should -Be 1
            $problems[0].FullyQualifiedErrorId | Should -BeLike 'ConnectionFailed,*'
        }

        It 'takes the columns of a list, patterns too' {
            $list = "Database,ComputerName,Port`ncryo_many_?,$host_,$env:PGPORT`ncryo_new,$host_,$env:PGPORT" | ConvertFrom-Csv
            ($list | New-CryoBackup -Path (Join-Path $TestDrive 'columns')).Database | Should -Be @('cryo_many_a', 'cryo_many_b', 'cryo_new')
            $servers = [pscustomobject] @{ ComputerName = $host_ }
            ($servers | New-CryoBackup -All -Exclude 'p*', 'cryo_n*', cryoprotect -Path (Join-Path $TestDrive 'servers of a list')).Count | Should -Be 3
        }

        It 'so does the tool' {
            $made = & $tool new 'cryo_many*' --exclude '*_b' --path (Join-Path $TestDrive 'tool') --computer-name "$TestDrive/nobody" --computer-name $host_ --json 2>$null |
                Out-String | ConvertFrom-Json
            $LASTEXITCODE | Should -Be 1 -Because 'one of the servers is out of reach'
            @($made.database | Sort-Object) | Should -Be @('cryo_many_a', 'cryo_many*[c]')
            $made = & $tool new --all --exclude 'p*' --exclude 'cryo_n*' --exclude cryoprotect --path (Join-Path $TestDrive 'tool all') --json | Out-String | ConvertFrom-Json
            $LASTEXITCODE | Should -Be 0
            @($made).Count | Should -Be 3
        }
    }

    It 'writes to the current location, and to PowerShell''s drives' {
        Push-Location -LiteralPath $TestDrive
        try {
            (New-CryoBackup cryo_new).Path | Split-Path | Should -Be (Get-Item -LiteralPath $TestDrive).FullName
        }
        finally {
            Pop-Location
        }

        $backup = New-CryoBackup cryo_new -Path 'TestDrive:/drive [1]'
        $backup.Path | Split-Path | Should -Be (Get-Item -LiteralPath (Join-Path $TestDrive 'drive [1]')).FullName
    }

    It 'compresses by <Compression>' -ForEach @(@{ Compression = 'Gzip' }, @{ Compression = 'Zstd' }, @{ Compression = 'None' }) {
        $backup = New-CryoBackup cryo_new -Path (Join-Path $TestDrive $Compression) -Compression $Compression
        $backup.Compression | Should -Be $Compression
        ($backup | Test-CryoBackup).Verdict | Should -Be 'Passed'
    }

    It 'says what it does in the verbose stream' {
        New-CryoBackup cryo_new -Path (Join-Path $TestDrive 'verbose') -Verbose 4>&1 |
            Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | Should -Not -BeNullOrEmpty
    }

    It 'reports a database that is not there, and goes on with the next' {
        $result = New-CryoBackup 'no such database', cryo_new -Path (Join-Path $TestDrive 'next') -ErrorVariable problems -ErrorAction SilentlyContinue
        $result.Database | Should -Be 'cryo_new'
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'DatabaseNotFound,CryoBackup.Commands.NewCryoBackupCommand'
        $problems[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $problems[0].TargetObject | Should -Be 'no such database'
        $problems[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'ends at once if no server answers' {
        { New-CryoBackup a, b -Path (Join-Path $TestDrive 'closed') -ComputerName 127.0.0.1 -Port (Get-ClosedPort) -ErrorAction SilentlyContinue } |
            Should -Throw -ErrorId 'ConnectionFailed,CryoBackup.Commands.NewCryoBackupCommand'
    }

    It 'ends at once if the path is not one of the file system' {
        { New-CryoBackup cryo_new -Path env: -ErrorAction SilentlyContinue } |
            Should -Throw -ErrorId 'ConfigurationInvalid,CryoBackup.Commands.NewCryoBackupCommand'
    }

    It 'reads a bare number as seconds and refuses what is not above zero' {
        { New-CryoBackup cryo_new -Timeout 0 -WhatIf } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        { New-CryoBackup cryo_new -LockTimeout '-00:00:01' -WhatIf } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        $duration = [CryoBackup.Commands.DurationAttribute]::new()
        $duration.Transform($ExecutionContext, 30) | Should -Be ([timespan]::FromSeconds(30))
        $duration.Transform($ExecutionContext, '1.5') | Should -Be ([timespan]::FromSeconds(1.5))
        $duration.Transform($ExecutionContext, 7d) | Should -Be ([timespan]::FromDays(7)) -Because 'PowerShell reads 7d as a decimal'
        $duration.Transform($ExecutionContext, 1.5d) | Should -Be ([timespan]::FromDays(1.5))
        $duration.Transform($ExecutionContext, '00:05:00') | Should -Be '00:05:00'
        $duration.Transform($ExecutionContext, $null) | Should -BeNullOrEmpty
        { New-CryoBackup cryo_new -Timeout soon -WhatIf } | Should -Throw '*is not a length of time; write 90s, 30m*'
    }

    It 'names with -WhatIf the server and the file' {
        $folder = Join-Path $TestDrive 'told'
        $told = (Invoke-Shell -Command "Import-Module '$ModulePath'; New-CryoBackup cryo_new '$folder' -ComputerName 127.0.0.1 -Port 5439 -ExcludeTable x -Compression None -WhatIf") -join "`n"
        $told | Should -Match "^What if: Back up the database 'cryo_new' on 127.0.0.1:5439 to '$([regex]::Escape($folder)).cryo_new_[0-9]{8}_[0-9]{6}_partial\.dump'"
        Test-Path -LiteralPath $folder | Should -BeFalse
    }

    It 'with -WhatIf meets no server and writes nothing' {
        $folder = Join-Path $TestDrive 'whatif'
        # Nothing listens there: had it tried, it would have failed.
        New-CryoBackup cryo_new -Path $folder -ComputerName 127.0.0.1 -Port (Get-ClosedPort) -WhatIf | Should -BeNullOrEmpty
        Test-Path -LiteralPath $folder | Should -BeFalse
    }
}

Describe 'New-CryoBackup, stopped' {
    BeforeAll {
        # Little on disk, but gigabytes as text: pg_dump is busy for a while.
        Initialize-TestDatabase cryo_slow -Rows 1
        Invoke-Sql -Database cryo_slow "
            CREATE TABLE long_text (line text);
            INSERT INTO long_text VALUES (repeat('all work and no play ', 250000));
            $(1..9 | ForEach-Object { 'INSERT INTO long_text SELECT line FROM long_text;' })"
        $sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'cryo_slow'"
        $dumping = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'cryo_slow' AND query LIKE 'COPY %long_text%'"
        $folder = Join-Path $TestDrive 'stopped'
    }

    It 'ends pg_dump and leaves neither file nor session' {
        $shell = [powershell]::Create().AddScript({
                param($Module, $Folder)
                Import-Module $Module
                New-CryoBackup cryo_slow -Path $Folder -SkipRowCount
            }).AddArgument($ModulePath).AddArgument($folder)
        try {
            $running = $shell.BeginInvoke()
            do {
                Start-Sleep -Milliseconds 50
                $isDumping = (Invoke-Sql $dumping) -eq '1' -and (Test-Path -Path "$folder/*.partial")
            } until ($isDumping -or $running.IsCompleted)

            # ReadAll, because to enumerate the stream of a running pipeline is to wait for its end.
            $running.IsCompleted | Should -BeFalse -Because "the dump should still run. $($shell.Streams.Error.ReadAll())"

            $watch = [System.Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            "Stopped in $($watch.ElapsedMilliseconds) ms." | Out-Host

            # Stop returns when the cmdlet has ended, and the cmdlet ends after its worker: nothing to wait for.
            Get-ChildItem -LiteralPath $folder -Force | Should -BeNullOrEmpty
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $shell.Streams.Error | Should -BeNullOrEmpty
        }
        finally {
            $shell.Dispose()
        }

        # The server learns of it when it next writes to its client.
        for ($i = 0; $i -lt 50 -and (Invoke-Sql $sessions) -ne '0'; $i++) {
            Start-Sleep -Milliseconds 100
        }

        Invoke-Sql $sessions | Should -Be '0'
    }

    It 'ends as well when its host is told to end' -Skip:$IsWindows {
        $folder = Join-Path $TestDrive 'told to end'
        $words = @(Get-ShellCommand) + '-NoProfile', '-NonInteractive', '-Command', "Import-Module '$ModulePath'; New-CryoBackup cryo_slow -Path '$folder' -SkipRowCount"
        $process = [System.Diagnostics.Process]::Start($words[0], [string[]] @($words | Select-Object -Skip 1))
        do {
            Start-Sleep -Milliseconds 50
            $isDumping = (Invoke-Sql $dumping) -eq '1' -and (Test-Path -Path "$folder/*.partial")
        } until ($isDumping -or $process.HasExited)

        $process.HasExited | Should -BeFalse -Because 'the dump should still run'
        & kill -TERM $process.Id
        $process.WaitForExit(60000) | Should -BeTrue
        Get-ChildItem -LiteralPath $folder -Force | Should -BeNullOrEmpty
        for ($i = 0; $i -lt 50 -and (Invoke-Sql $sessions) -ne '0'; $i++) {
            Start-Sleep -Milliseconds 100
        }

        Invoke-Sql $sessions | Should -Be '0'
    }

    It 'ends as well when a message stops the command' {
        $folder = Join-Path $TestDrive 'stopped by a message'
        # Downstream takes one verbose record and stops the pipeline, in the middle of the pump's Write call.
        New-CryoBackup cryo_slow -Path $folder -SkipRowCount -Verbose 4>&1 |
            Where-Object { $_ -is [System.Management.Automation.VerboseRecord] -and $_.Message -notlike 'Performing the operation*' } |
            Select-Object -First 1 | Should -Not -BeNullOrEmpty
        Get-ChildItem -LiteralPath $folder -Force -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'keeps to -Timeout' {
        { New-CryoBackup cryo_slow -Path (Join-Path $TestDrive 'timeout') -SkipRowCount -Timeout 0.5 -ErrorAction Stop } |
            Should -Throw -ErrorId 'Cancelled,CryoBackup.Commands.NewCryoBackupCommand'
        Get-ChildItem -LiteralPath (Join-Path $TestDrive 'timeout') -Force -ErrorAction Ignore | Should -BeNullOrEmpty
    }
}
